"""The small drawing of a gate: everything in its place, and the side that passes where it is known."""

from __future__ import annotations

import pytest

from tasks.gate.interval_drawing import WIDTH, drawing_of, is_upward
from tasks.records import GateResult, State


def gate(
    low: float | None, high: float | None, limit: float = 0.5, state: State = "pass", at_least: bool | None = None
) -> GateResult:
    measured = None if low is None or high is None else (low + high) / 2
    return GateResult(
        name="g", measured=measured, low=low, high=high, limit=limit, state=state, reason="r", at_least=at_least
    )


def test_places_keep_the_order_of_the_figures_and_stay_inside() -> None:
    drawn = drawing_of(gate(0.6, 0.8))
    assert drawn is not None
    assert 0 < drawn.limit < drawn.low < drawn.measured < drawn.high < WIDTH
    assert (drawn.allowed_from, drawn.allowed_to) == (drawn.limit, WIDTH)


@pytest.mark.parametrize(("low", "high", "limit"), [(0.5, 0.5, 0.5), (0, 0, 0), (-1e-9, 1e12, 0)])
def test_figures_without_width_or_of_any_size_can_be_drawn(low: float, high: float, limit: float) -> None:
    drawn = drawing_of(gate(low, high, limit))
    assert drawn is not None
    assert 0 < drawn.low <= drawn.high < WIDTH


@pytest.mark.parametrize(
    ("low", "high", "state", "upward"),
    [
        (0.6, 0.8, "pass", True),
        (0.1, 0.4, "pass", False),
        (0.1, 0.4, "fail", True),
        (0.6, 0.8, "fail", False),
        (0.4, 0.6, "inconclusive", None),
        (0.5, 0.5, "pass", None),
    ],
)
def test_the_side_that_passes_follows_from_the_state(low: float, high: float, state: State, upward: bool) -> None:
    assert is_upward(gate(low, high, state=state)) is upward


def test_a_gate_that_names_its_side_is_believed_and_one_without_a_number_is_not_drawn() -> None:
    assert is_upward(gate(0.4, 0.6, state="inconclusive", at_least=False)) is False
    assert drawing_of(gate(None, None, state="fail")) is None
