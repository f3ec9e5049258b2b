"""Where the parts of a gate's small drawing lie: its interval against its limit, in the units of the drawing."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.records import GateResult

WIDTH = 240.0
MARGIN = 12.0
ROOM = 0.18
"""Empty share of the range on either side, so that nothing sticks to the edge."""


@dataclass(frozen=True)
class Drawing:
    """Horizontal places from 0 to WIDTH."""

    low: float
    high: float
    measured: float
    limit: float
    allowed_from: float | None
    """Where the values that pass begin and end; null where it is not known on which side they are."""
    allowed_to: float | None


def drawing_of(gate: GateResult) -> Drawing | None:
    """The places of a gate's figures; None where it has no value or no interval."""
    if gate.measured is None or gate.low is None or gate.high is None:
        return None
    values = (gate.low, gate.high, gate.measured, gate.limit)
    least, most = min(values), max(values)
    span = (most - least) or abs(most) or 1.0
    start, whole = least - ROOM * span, (most - least) + 2 * ROOM * span

    def place(value: float) -> float:
        return round(MARGIN + (value - start) / whole * (WIDTH - 2 * MARGIN), 2)

    limit, upward = place(gate.limit), is_upward(gate)
    allowed = (None, None) if upward is None else (limit, WIDTH) if upward else (0.0, limit)
    return Drawing(place(gate.low), place(gate.high), place(gate.measured), limit, *allowed)


def is_upward(gate: GateResult) -> bool | None:
    """Whether values above the limit pass: as the gate says, else as its figures and its state show, else None."""
    if gate.at_least is not None:
        return gate.at_least
    if gate.low is None or gate.high is None or gate.state == "inconclusive" or gate.low == gate.high == gate.limit:
        return None
    return (gate.low >= gate.limit) == (gate.state == "pass")
