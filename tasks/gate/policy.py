"""The policy as it holds for a task: what a gate leaves open becomes the usual, and what cannot apply is refused.

A language model has no calibration gate and no 99th percentile as a matter of course: `policy_for` leaves them out,
openly, by null. A policy that asks for one of them by a number of its own is refused, because a gate that cannot be
measured must neither fail every candidate nor pass in silence.
"""

from __future__ import annotations

from collections.abc import Mapping

from tasks.errors import UserInputError
from tasks.gate.config import (
    LESS_IS_BETTER,
    CalibrationGate,
    ChampionGate,
    GatesConfig,
    LatencyGate,
    ParityGate,
    QualityGate,
)
from tasks.records import Measurement, TaskKind

OF_LABELS: tuple[str, ...] = ("mcc", "f1_macro", "accuracy")
OF_ANSWERS: tuple[str, ...] = (
    "token_f1",
    "exact_match",
    "rouge_l",
    "json_validity",
    "preference_accuracy",
    *LESS_IS_BETTER,
)
GATES_OF_LABELS = ("fairness", "robustness", "drift", "side_effects", "memorisation", "people", "energy")
GATES_OF_ANSWERS = ("generation",)
USUAL_MINIMUM = {
    **dict.fromkeys(OF_LABELS, 0.80),
    **dict.fromkeys(("token_f1", "rouge_l", "exact_match"), 0.30),
    "json_validity": 0.95,
    "preference_accuracy": 0.50,
}
USUAL_ECE = 0.05
USUAL_AGREEMENT_OF_LABELS, USUAL_AGREEMENT_OF_TOKENS = 0.99, 0.95
USUAL_P99_MILLISECONDS = 150.0
USUAL_P95_MILLISECONDS = 10_000.0


def task_of(metrics: Mapping[str, Measurement]) -> TaskKind:
    """What a report measured, by its figures: answers always have a loss, and pairs of answers a preference."""
    if "answer_loss" not in metrics:
        return "classification"
    return "preference" if "preference_accuracy" in metrics else "instruction"


def policy_for(task: TaskKind, policy: GatesConfig) -> GatesConfig:
    """The policy with every limit named, and without the gates that rows of this task have not.

    Raises UserInputError where the policy names what such rows cannot be measured by.
    """
    if task != "classification":
        policy = _without_gates_of_labels(task, policy)
    else:
        _refuse_gates_of_answers(policy)
    return policy.model_copy(
        update={
            "quality": policy.quality and _quality(task, policy.quality),
            "champion": policy.champion and _champion(task, policy.champion),
            "calibration": policy.calibration and _calibration(task, policy.calibration),
            "latency": policy.latency and _latency(task, policy.latency),
            "parity": policy.parity and _parity(task, policy.parity),
        }
    )


def _without_gates_of_labels(task: TaskKind, policy: GatesConfig) -> GatesConfig:
    for name in GATES_OF_LABELS:
        if getattr(policy, name) not in (None, GatesConfig.model_fields[name].default):
            raise UserInputError(
                f"gates.{name} is for models that give labels, and a language model (data.task: {task}) is not "
                "measured by it: leave it out"
            )
    return policy.model_copy(update=dict.fromkeys(GATES_OF_LABELS))


def _refuse_gates_of_answers(policy: GatesConfig) -> None:
    for name in GATES_OF_ANSWERS:
        if getattr(policy, name) is not None:
            raise UserInputError(
                f"gates.{name} is for language models, and a classifier (data.task: classification) writes nothing "
                "that it could be measured by: leave it out"
            )


def _quality(task: TaskKind, gate: QualityGate) -> QualityGate:
    metric = gate.metric or ("mcc" if task == "classification" else _usual_of_answers(task))
    _require(metric, task, "gates.quality.metric")
    if metric in LESS_IS_BETTER:
        return gate
    least = USUAL_MINIMUM[metric] if gate.min is None else gate.min
    return gate.model_copy(update={"metric": metric, "min": least})


def _usual_of_answers(task: TaskKind) -> str:
    return "preference_accuracy" if task == "preference" else "token_f1"


def _champion(task: TaskKind, gate: ChampionGate) -> ChampionGate:
    metric = gate.metric or ("mcc" if task == "classification" else "token_f1")
    _require(metric, task, "gates.champion.metric")
    return gate.model_copy(update={"metric": metric})


def _calibration(task: TaskKind, gate: CalibrationGate) -> CalibrationGate | None:
    if task == "classification":
        return gate.model_copy(update={"max_ece": gate.max_ece or USUAL_ECE})
    if gate.max_ece is not None:
        raise UserInputError(
            f"gates.calibration asks for an expected calibration error of at most {gate.max_ece:g}, but a language "
            f"model (data.task: {task}) states no confidence to calibrate: leave the gate out, or set it to null"
        )
    return None


def _latency(task: TaskKind, gate: LatencyGate) -> LatencyGate:
    if task == "classification":
        if gate.max_p95_milliseconds is not None:
            raise UserInputError(
                "gates.latency.max_p95_milliseconds is for a language model's answers; a classifier is held to "
                "gates.latency.max_p99_milliseconds"
            )
        return gate.model_copy(update={"max_p99_milliseconds": gate.max_p99_milliseconds or USUAL_P99_MILLISECONDS})
    if gate.max_p99_milliseconds is None and gate.max_p95_milliseconds is None:
        return gate.model_copy(update={"max_p95_milliseconds": USUAL_P95_MILLISECONDS})
    return gate


def _parity(task: TaskKind, gate: ParityGate) -> ParityGate:
    usual = USUAL_AGREEMENT_OF_LABELS if task == "classification" else USUAL_AGREEMENT_OF_TOKENS
    return gate.model_copy(update={"min_agreement": gate.min_agreement or usual})


def _require(metric: str, task: TaskKind, setting: str) -> None:
    allowed = OF_LABELS if task == "classification" else OF_ANSWERS
    if setting == "gates.champion.metric":
        allowed = tuple(name for name in allowed if name not in LESS_IS_BETTER)
    if task in ("instruction", "chat"):
        allowed = tuple(name for name in allowed if name != "preference_accuracy")
    if metric not in allowed:
        raise UserInputError(
            f"{setting} is {metric}, which rows of the task {task} (data.task) are not measured by; allowed are "
            f"{', '.join(allowed)}"
        )
