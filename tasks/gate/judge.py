"""From figures and a policy to pass, fail or inconclusive: each gate compares an interval with its limit.

The whole interval on the right side of the limit passes, the whole interval on the wrong side fails, and an interval
that holds the limit is inconclusive. A missing number fails, and so does one without an interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.errors import UserInputError
from tasks.gate.config import GATES, GatesConfig, asked_for
from tasks.metrics.power import rows_for_share, times_the_rows
from tasks.records import GateResult, Measurement, State

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
    is_share: bool = False
    """Whether it is a share of rows with an exact interval, so that the rows that it needs are known exactly."""

    def write(self, value: float) -> str:
        """The value as a person reads it, without its unit."""
        return f"{value:.{self.digits}f}"


def judge(
    gate: str,
    measured: Measurement | None,
    limit: float,
    quantity: Quantity,
    count: int | None,
    why_missing: str = "",
    confidence: float = 0.9,
) -> GateResult:
    """Compare a measurement with its limit.

    `count` is how many rows or requests it rests on, where that is known; `why_missing` what is known of a missing one;
    `confidence` that of the interval.
    """
    missing = what_is_missing(measured, quantity, why_missing)
    if measured is None or missing:
        return failure(gate, limit, missing)
    low, high = ends(measured)
    write, bound = quantity.write, f"the limit of {quantity.write(limit)}{quantity.unit}"
    state = state_of(measured, limit, quantity.at_least)
    if state == "inconclusive":
        follows = f"the interval holds {bound}; {what_would_settle(measured, limit, quantity, count, confidence)}"
    else:
        side = "above" if quantity.at_least == (state == "pass") else "below"
        follows = f"the whole interval is {'at or ' if state == 'pass' else ''}{side} {bound}"
    return GateResult(
        name=gate,
        measured=measured.value,
        low=low,
        high=high,
        limit=limit,
        state=state,
        at_least=quantity.at_least,
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
    if not asked_for(policy):
        raise UserInputError(
            "every gate of the section gates is null, so nothing would be checked before a release: set at least one "
            f"of {', '.join(GATES)}"
        )


def what_is_missing(measured: Measurement | None, quantity: Quantity, why: str = "") -> str:
    """Why a measurement cannot be judged; empty where it can."""
    if measured is None:
        return f"{quantity.name} was not measured, and a missing number fails{f': {why}' if why else ''}"
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


def what_would_settle(
    measured: Measurement, limit: float, quantity: Quantity, count: int | None, confidence: float = 0.9
) -> str:
    """How much more evidence decides with a chance of four in five, if the value is the truth: of a share exactly, else
    by the interval's width, which falls with the root of the count."""
    right_side = measured.value > limit if quantity.at_least else measured.value < limit
    if quantity.is_share and right_side:
        rows = rows_for_share(measured.value, limit, at_least=quantity.at_least, confidence=confidence)
        if rows is not None:
            needed = float(f"{rows:.2g}")
            return f"with {needed:,.0f} {quantity.units} four of five such models would pass"
    distance = abs(measured.value - limit)
    low, high = ends(measured)
    half_width = measured.value - low if measured.value > limit else high - measured.value
    times = times_the_rows(half_width, distance, confidence=confidence)
    if times * (count or 1000) > MOST_ROWS:
        return "the value is so close to it that more data would hardly settle it"
    then = f"four of five such models would {'pass' if right_side else 'fail'}"
    if count is None:
        return f"with about {times:.2g} times as many {quantity.units} {then}"
    needed = float(f"{times * count:.2g}")
    return f"with about {needed:,.0f} {quantity.units} instead of {count:,} {then}"
