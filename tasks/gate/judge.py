"""From figures and a policy to pass, fail or inconclusive: each gate compares an interval with its limit.

The whole interval on the right side of the limit passes, the whole interval on the wrong side fails, and an interval
that holds the limit is inconclusive. A missing number fails, and so does one without an interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.errors import UserInputError
from tasks.gate.config import LESS_IS_BETTER, GatesConfig, LatencyGate, QualityGate
from tasks.gate.policy import policy_for, task_of
from tasks.records import GateResult, Measurement, State

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
MOST_ROWS = 1_000_000
"""Where more rows than this were needed, no collection of rows would settle it."""


@dataclass(frozen=True)
class Quantity:
    """How a measured value is named and written, which side of its limit is right, and what narrows its interval."""

    name: str
    at_least: bool
    units: str = "holdout rows"
    digits: int = 3
    unit: str = ""

    def write(self, value: float) -> str:
        """The value as a person reads it, without its unit."""
        return f"{value:.{self.digits}f}"


def judge(gate: str, measured: Measurement | None, limit: float, quantity: Quantity, count: int | None) -> GateResult:
    """Compare a measurement with its limit. `count` is how many rows or requests it rests on, where that is known."""
    missing = what_is_missing(measured, quantity)
    if measured is None or missing:
        return failure(gate, limit, missing)
    low, high = ends(measured)
    write, bound = quantity.write, f"the limit of {quantity.write(limit)}{quantity.unit}"
    state = state_of(measured, limit, quantity.at_least)
    follows = {
        "pass": f"the whole interval is at or {'above' if quantity.at_least else 'below'} {bound}",
        "fail": f"the whole interval is {'below' if quantity.at_least else 'above'} {bound}",
        "inconclusive": f"the interval holds {bound}; {what_would_settle(measured, limit, quantity, count)}",
    }[state]
    return GateResult(
        name=gate,
        measured=measured.value,
        low=low,
        high=high,
        limit=limit,
        state=state,
        reason=f"{quantity.name} {write(measured.value)} [{write(low)}, {write(high)}]{quantity.unit}: {follows}",
    )


def state_of(measured: Measurement, limit: float, at_least: bool) -> State:
    """Pass, fail or inconclusive, from an interval and a limit that it must be at or above, or at or below."""
    low, high = ends(measured)
    if (low >= limit) if at_least else (high <= limit):
        return "pass"
    if (high < limit) if at_least else (low > limit):
        return "fail"
    return "inconclusive"


def ends(measured: Measurement) -> tuple[float, float]:
    """Both ends of the interval. Raises ValueError where one is missing: see `what_is_missing`."""
    if measured.low is None or measured.high is None:
        raise ValueError(f"the value {measured.value} has no interval")
    return measured.low, measured.high


def failure(gate: str, limit: float, reason: str) -> GateResult:
    """A gate that fails because there is nothing to judge by."""
    return GateResult(name=gate, measured=None, low=None, high=None, limit=limit, state="fail", reason=reason)


def judge_report(metrics: dict[str, Measurement], rows: int, policy: GatesConfig) -> list[GateResult]:
    """The gates that look at the candidate alone: quality, calibration, latency; of the report's task, by its usual.

    Raises UserInputError where the policy names what such a report does not measure.
    """
    policy = policy_for(task_of(metrics), policy)
    found = []
    if policy.quality:
        found.append(_judge_quality(metrics, rows, policy.quality))
    if policy.calibration and policy.calibration.max_ece is not None:
        error = Quantity("expected calibration error", at_least=False)
        found.append(judge("calibration", metrics.get("ece"), policy.calibration.max_ece, error, rows))
    if policy.latency:
        found += _judge_latency(metrics, policy.latency)
    return found


def _judge_quality(metrics: dict[str, Measurement], rows: int, gate: QualityGate) -> GateResult:
    metric = str(gate.metric)
    limit = gate.max if metric in LESS_IS_BETTER else gate.min
    if limit is None:
        raise UserInputError(f"gates.quality names {metric} without a limit")
    of_a_sample = metric in OF_A_SAMPLE
    units = "answered rows (evaluation.generated_rows)" if of_a_sample else "holdout rows"
    quantity = Quantity(NAMES[metric], at_least=metric not in LESS_IS_BETTER, units=units)
    return judge("quality", metrics.get(metric), limit, quantity, None if of_a_sample else rows)


def _judge_latency(metrics: dict[str, Measurement], gate: LatencyGate) -> list[GateResult]:
    of_labels = task_of(metrics) == "classification"
    units = "timed requests" if of_labels else "timed answers (evaluation.timed_answers)"
    found = []
    for percentile, limit in (("p99", gate.max_p99_milliseconds), ("p95", gate.max_p95_milliseconds)):
        if limit is not None:
            latency = Quantity(f"{percentile} latency", at_least=False, units=units, digits=1, unit=" ms")
            found.append(judge("latency", metrics.get(f"{percentile}_milliseconds"), limit, latency, None))
    return found


def overall(gates: Sequence[GateResult]) -> State:
    """Fail if any gate fails, else inconclusive if any is, else pass. Raises UserInputError where there is no gate."""
    if not gates:
        raise UserInputError(
            "no gate of the section gates applies, so nothing would be checked before a release: set at least one of "
            "quality, calibration and latency (the champion gate compares with what is served, and nothing is yet)"
        )
    states = {gate.state for gate in gates}
    return "fail" if "fail" in states else "inconclusive" if "inconclusive" in states else "pass"


def require_gates(policy: GatesConfig) -> None:
    """Raise UserInputError for a policy that checks nothing."""
    if not (policy.quality or policy.champion or policy.calibration or policy.latency):
        raise UserInputError(
            "every gate of the section gates is null, so nothing would be checked before a release: set at least one "
            "of quality, champion, calibration and latency"
        )


def what_is_missing(measured: Measurement | None, quantity: Quantity) -> str:
    """Why a measurement cannot be judged; empty where it can."""
    if measured is None:
        return f"{quantity.name} was not measured, and a missing number fails"
    if not math.isfinite(measured.value):
        return f"{quantity.name} is {measured.value}, which is no number, and a missing number fails"
    low, high = measured.low, measured.high
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return (
            f"{quantity.name} is {quantity.write(measured.value)}{quantity.unit} without an interval, so nobody knows "
            f"how sure that is, and a missing number fails: give more {quantity.units}"
        )
    if not low <= measured.value <= high:
        return f"{quantity.name} {measured.value} lies outside its own interval [{low}, {high}], so neither is believed"
    return ""


def what_would_settle(measured: Measurement, limit: float, quantity: Quantity, count: int | None) -> str:
    """Roughly how much more evidence the answer needs: an interval's width falls with the root of the count."""
    distance = abs(measured.value - limit)
    low, high = ends(measured)
    half_width = measured.value - low if measured.value > limit else high - measured.value
    times = (half_width / distance) ** 2 if distance > 0 else math.inf
    if times * (count or 1000) > MOST_ROWS:
        return "the value is so close to it that more data would hardly settle it"
    if count is None:
        return f"about {max(times, 1.1):.2g} times as many {quantity.units} would settle it if the value stays"
    needed = float(f"{max(times, 1.1) * count:.2g}")
    return f"about {needed:,.0f} {quantity.units} instead of {count:,} would settle it if the value stays"
