"""Where the parts of a gate's small drawing lie: its interval against its limit, in the units of the drawing."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.records import GateResult, Measurement

WIDTH = 240.0
MARGIN = 12.0
ROOM = 0.18
"""Empty share of the range on either side, so that nothing sticks to the edge."""


@dataclass(frozen=True)
class Bar:
    """An interval and the value in it, as horizontal places from 0 to WIDTH."""

    low: float
    high: float
    measured: float


@dataclass(frozen=True)
class Drawing(Bar):
    """The candidate's bar, and what stands around it, in the same places."""

    limit: float
    allowed_from: float | None
    """Where the values that pass begin and end; null where it is not known on which side they are."""
    allowed_to: float | None
    champion: Bar | None = None


def drawing_of(gate: GateResult, theirs: Measurement | None = None) -> Drawing | None:
    """The places of a gate's figures, and of the champion's; None where the gate has no value or no interval."""
    if gate.measured is None or gate.low is None or gate.high is None:
        return None
    values = [gate.low, gate.high, gate.measured, gate.limit]
    beside = _whole(theirs)
    if beside:
        values += beside
    least, most = min(values), max(values)
    span = (most - least) or abs(most) or 1.0
    start, whole = least - ROOM * span, (most - least) + 2 * ROOM * span

    def place(value: float) -> float:
        return round(MARGIN + (value - start) / whole * (WIDTH - 2 * MARGIN), 2)

    limit, upward = place(gate.limit), is_upward(gate)
    allowed = (None, None) if upward is None else (limit, WIDTH) if upward else (0.0, limit)
    champion = Bar(place(beside[0]), place(beside[1]), place(beside[2])) if beside else None
    return Drawing(place(gate.low), place(gate.high), place(gate.measured), limit, allowed[0], allowed[1], champion)


def _whole(theirs: Measurement | None) -> tuple[float, float, float] | None:
    if theirs is None or theirs.low is None or theirs.high is None:
        return None
    return theirs.low, theirs.high, theirs.value


def is_upward(gate: GateResult) -> bool | None:
    """Whether values above the limit pass: as the gate says, else as its figures and its state show, else None."""
    if gate.at_least is not None:
        return gate.at_least
    if gate.low is None or gate.high is None or gate.state == "inconclusive" or gate.low == gate.high == gate.limit:
        return None
    return (gate.low >= gate.limit) == (gate.state == "pass")
