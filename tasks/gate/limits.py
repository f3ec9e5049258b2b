"""Which figure of a report each gate compares with which limit: all gates that look at the candidate alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tasks.errors import UserInputError
from tasks.gate.config import LESS_IS_BETTER, GatesConfig, QualityGate
from tasks.gate.judge import Quantity, judge
from tasks.gate.policy import policy_for, task_of
from tasks.records import GateResult, Report

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


def judge_report(report: Report, policy: GatesConfig) -> list[GateResult]:
    """The gates that look at the candidate alone, of the report's task, by its usual limits.

    Raises UserInputError where the policy names what such a report does not measure.
    """
    task = task_of(report.metrics)
    limits = limits_of(policy_for(task, policy), report.rows, labels=task == "classification")
    return [_judged(limit, report) for limit in limits]


def _judged(limit: Limit, report: Report) -> GateResult:
    why = report.missing.get(limit.gate.partition(":")[0], "")
    return judge(
        limit.gate, report.metrics.get(limit.metric), limit.value, limit.quantity, limit.rows, why, report.confidence
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
    if policy.parity:
        agreement = Quantity(
            "agreement of the trained and the served form", at_least=True, units="compared rows", is_share=True
        )
        yield Limit("parity", "parity_agreement", policy.parity.min_agreement, agreement)
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
        yield from _at_most("robustness", of_attacks, "attacked rows (evaluation.robustness.rows)", are_shares=True)
    if policy.drift:
        of_shifts = {"accuracy_lost_to_drift": policy.drift.max_accuracy_lost}
        yield from _at_most("drift", of_shifts, "shifted rows (evaluation.drift.rows)")
    if policy.side_effects:
        off_task = {"confident_off_task": policy.side_effects.max_confident_off_task}
        yield from _at_most("side_effects", off_task, "texts that are no task", are_shares=True)
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


def _quality(gate: QualityGate, rows: int) -> Limit:
    metric = str(gate.metric)
    value = gate.max if metric in LESS_IS_BETTER else gate.min
    if value is None:
        raise UserInputError(f"gates.quality names {metric} without a limit")
    of_a_sample = metric in OF_A_SAMPLE
    units = "answered rows (evaluation.generated_rows)" if of_a_sample else "holdout rows"
    quantity = Quantity(NAMES[metric], at_least=metric not in LESS_IS_BETTER, units=units)
    return Limit("quality", metric, value, quantity, None if of_a_sample else rows)
