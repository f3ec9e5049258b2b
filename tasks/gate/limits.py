"""Which figure of a report each gate compares with which limit: all gates that look at the candidate alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tasks.errors import UserInputError
from tasks.gate.config import LESS_IS_BETTER, GatesConfig, GenerationGate, QualityGate
from tasks.gate.forms import AGREEMENT, LABELS_LOST, PARITY, forms_in, with_one_of_parity
from tasks.gate.judge import Quantity, failure, judge
from tasks.gate.policy import policy_for, task_of
from tasks.records import GateResult, Measurement, Report

NAMES = {
    "mcc": "MCC",
    "f1_macro": "macro F1",
    "accuracy": "accuracy",
    "token_f1": "token F1",
    "exact_match": "exact match",
    "rouge_l": "ROUGE-L",
    "json_validity": "JSON validity",
    "preference_accuracy": "preference accuracy",
    "perplexity": "perplexity",
    "answer_loss": "answer loss",
}
OF_A_SAMPLE = ("token_f1", "exact_match", "rouge_l", "json_validity")
"""Metrics of the rows that were answered in full, evaluation.generated_rows of them."""


@dataclass(frozen=True)
class Limit:
    """A metric of a report, by its name there, and the value that it must be at or above, or at or below."""

    gate: str
    metric: str
    value: float
    quantity: Quantity
    rows: int | None = None
    """What the figure rests on, where that is the whole holdout."""
    room: str = ""
    """The part of the section `evaluation` that measures it, where that is not called as the gate is."""
    min_epsilon: float | None = None
    """Smallest budget of an attack whose success counts."""


def judge_report(report: Report, policy: GatesConfig) -> list[GateResult]:
    """The gates that look at the candidate alone, of the report's task, by its usual limits.

    Raises UserInputError where the policy names what such a report does not measure.
    """
    task = task_of(report.metrics)
    policy = policy_for(task, policy)
    limits = limits_of(policy, report.rows, labels=task == "classification")
    every = [each for limit in limits for each in _of_each_form(limit, policy, report)]
    return with_one_of_parity([_judged(limit, report) for limit in every])


def _of_each_form(limit: Limit, policy: GatesConfig, report: Report) -> Iterator[Limit]:
    """A limit of the gate `parity` holds for every form that was compared; any other stays as it is."""
    forms = forms_in(report.metrics) if limit.gate == PARITY else []
    if not forms:
        yield limit
    for form in forms:
        named = replace(limit.quantity, name=f"agreement of the {form} form with the trained one")
        yield replace(limit, metric=f"{AGREEMENT}.{form}", quantity=named)
        most = policy.parity.max_labels_lost if policy.parity else None
        if most is not None and task_of(report.metrics) == "classification":
            lost = Quantity(f"labels that the {form} form never gives", at_least=False, units="compared rows", digits=0)
            yield Limit(PARITY, f"{LABELS_LOST}.{form}", most, lost)


def _judged(limit: Limit, report: Report) -> GateResult:
    why = report.missing.get(limit.room or limit.gate.partition(":")[0], "")
    measured, quantity = report.metrics.get(limit.metric), limit.quantity
    if measured is not None and limit.min_epsilon is not None:
        epsilon = report.metrics.get("attack_epsilon")
        if epsilon is None or epsilon.value < limit.min_epsilon:
            return failure(limit.gate, limit.value, _too_weak(quantity.name, epsilon, limit.min_epsilon))
        quantity = replace(quantity, name=f"{quantity.name} at epsilon {epsilon.value:g}")
    return judge(limit.gate, measured, limit.value, quantity, limit.rows, why, report.confidence)


def _too_weak(name: str, epsilon: Measurement | None, least: float) -> str:
    at = f"at epsilon {epsilon.value:g}" if epsilon else "at an epsilon that the report does not name"
    return (
        f"{name} was measured {at}, and the policy counts none below {least:g} (gates.robustness.min_epsilon): set "
        f"evaluation.robustness.epsilon to at least {least:g} and measure again"
    )


def limits_of(policy: GatesConfig, rows: int, *, labels: bool) -> Iterator[Limit]:
    """Every limit that the policy sets; `labels` says whether the model gives labels or answers."""
    if policy.quality:
        yield _quality(policy.quality, rows)
    if policy.calibration and policy.calibration.max_ece is not None:
        error = Quantity("expected calibration error", at_least=False)
        yield Limit("calibration", "ece", policy.calibration.max_ece, error, rows)
    if policy.latency:
        units = "timed requests" if labels else "timed answers (evaluation.timed_answers)"
        of_policy = (("p99", policy.latency.max_p99_milliseconds), ("p95", policy.latency.max_p95_milliseconds))
        for percentile, most in of_policy:
            if most is not None:
                latency = Quantity(f"{percentile} latency", at_least=False, units=units, digits=1, unit=" ms")
                yield Limit("latency", f"{percentile}_milliseconds", most, latency)
    yield from _beyond_quality(policy, rows)


def _beyond_quality(policy: GatesConfig, rows: int) -> Iterator[Limit]:
    """The limits of figures that the rooms of the section evaluation measure."""
    if policy.parity and policy.parity.min_agreement is not None:
        agreement = Quantity(
            "agreement of the served form with the trained one", at_least=True, units="compared rows", is_share=True
        )
        yield Limit(PARITY, AGREEMENT, policy.parity.min_agreement, agreement)
    if policy.fairness:
        of_groups = {
            "equal_opportunity_difference": policy.fairness.max_equal_opportunity_difference,
            "equalised_odds_difference": policy.fairness.max_equalised_odds_difference,
        }
        yield from _at_most("fairness", of_groups, "holdout rows of the smaller groups")
    if policy.robustness:
        of_attacks = {
            "attack_success": policy.robustness.max_attack_success,
            "attack_success_words": policy.robustness.max_word_attack_success,
            "attack_success_characters": policy.robustness.max_character_attack_success,
            "accuracy_lost_to_typos": policy.robustness.max_accuracy_lost_to_typos,
        }
        attacked = "attacked rows (evaluation.robustness.rows)"
        for limit in _at_most("robustness", of_attacks, attacked, are_shares=True):
            by_gradients = limit.metric == "attack_success"
            yield replace(limit, min_epsilon=policy.robustness.min_epsilon) if by_gradients else limit
    if policy.drift:
        of_shifts = {"accuracy_lost_to_drift": policy.drift.max_accuracy_lost}
        yield from _at_most("drift", of_shifts, "shifted rows (evaluation.drift.rows)")
    if policy.generation:
        yield from generation_limits(policy.generation)
    if policy.side_effects:
        off_task = {"confident_off_task": policy.side_effects.max_confident_off_task}
        yield from _at_most("side_effects", off_task, "texts that are no task", are_shares=True)
    if policy.memorisation:
        learned = Quantity("holdout rows that stand in the training split", at_least=False, digits=0)
        yield Limit("memorisation", "holdout_rows_learned", policy.memorisation.max_rows_learned, learned)
        above = {"accuracy_above_validation": policy.memorisation.max_above_validation}
        yield from _at_most("memorisation: above validation", above, "holdout and validation rows")
    if policy.people:
        reduction = Quantity("reduction of people's errors", at_least=True, units="people and answers")
        yield Limit("people", "human_error_reduction", policy.people.min_error_reduction, reduction)
        dependency = Quantity("autonomy dependency", at_least=False, units="cases in which the model was wrong")
        name = "people: autonomy dependency"
        yield Limit(name, "autonomy_dependency", policy.people.max_autonomy_dependency, dependency)


def _at_most(gate: str, limits: Mapping[str, float | None], units: str, *, are_shares: bool = False) -> Iterator[Limit]:
    """The limits that are set; the first of a gate bears its name, each further one the metric's beside it."""
    for number, (metric, most) in enumerate(limits.items()):
        if most is not None:
            name = metric.replace("_", " ")
            quantity = Quantity(name, at_least=False, units=units, is_share=are_shares and "lost" not in metric)
            first = number == 0 and metric != "confident_off_task"
            yield Limit(gate if first else f"{gate}: {name}", metric, most, quantity)


def generation_limits(gate: GenerationGate) -> Iterator[Limit]:
    """The limits that are set of what a language model writes; each bears the name of its measure behind the gate's."""
    of_rows, of_answers = "rows (evaluation.consistency.rows)", "answered rows (evaluation.generated_rows)"
    of_attacks = "attacks (evaluation.prompt_attacks.path)"
    known = (
        ("consistency", "consistency", gate.min_consistency, True, of_rows, False),
        ("grounding", "grounding", gate.min_grounding, True, of_answers, False),
        ("grounding", "hallucinated_numbers", gate.max_hallucinated_numbers, False, of_answers, True),
        ("prompt_attacks", "prompt_attack_success", gate.max_attack_success, False, of_attacks, True),
        ("checks", "checks_passed", gate.min_checks_passed, True, of_answers, True),
    )
    for room, metric, value, at_least, units, is_share in known:
        if value is not None:
            of_room = "hallucinated_numbers" if metric == "hallucinated_numbers" else room
            quantity = Quantity(metric.replace("_", " "), at_least=at_least, units=units, is_share=is_share)
            yield Limit(f"generation: {of_room.replace('_', ' ')}", metric, value, quantity, room=room)
    for name, least in sorted(gate.min_lm_tasks.items()):
        quantity = Quantity(name, at_least=True, units="questions (evaluation.lm_tasks.rows)")
        yield Limit(f"generation: {name}", f"lm_tasks.{name}", least, quantity, room="lm_tasks")


def _quality(gate: QualityGate, rows: int) -> Limit:
    metric = str(gate.metric)
    value = gate.max if metric in LESS_IS_BETTER else gate.min
    if value is None:
        raise UserInputError(f"gates.quality names {metric} without a limit")
    of_a_sample = metric in OF_A_SAMPLE
    units = "answered rows (evaluation.generated_rows)" if of_a_sample else "holdout rows"
    quantity = Quantity(NAMES[metric], at_least=metric not in LESS_IS_BETTER, units=units)
    return Limit("quality", metric, value, quantity, None if of_a_sample else rows)
