"""The surest rows: how many, how right, and how sure that is; figures that can be counted by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tasks.metrics.intervals import share_interval
from tasks.metrics.selective import (
    Floats,
    accuracy_at_coverage,
    area_under_risk,
    coverage_at_accuracy,
    coverage_curve,
)

RESAMPLING: dict[str, Any] = {"samples": 300, "confidence": 0.9, "seed": 0}


def rows_of(draw: np.random.Generator, rows: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Rows that are right as often as they are sure, from one half to all, evenly."""
    confidence = 0.5 + 0.5 * draw.random(rows)
    return confidence, draw.random(rows) < confidence


def plain_area(correct: npt.NDArray[np.bool_]) -> float:
    """AURC of rows that are in order, surest first, by its definition."""
    return float(np.mean([np.mean(~correct[:k]) for k in range(1, len(correct) + 1)]))


def test_the_curve_takes_rows_in_by_falling_confidence_and_those_of_one_confidence_together() -> None:
    confidence = np.array([0.9, 0.5, 0.7, 0.7, 0.95])
    curve = coverage_curve(confidence, np.array([True, False, True, False, True]))
    assert list(curve.thresholds) == [0.95, 0.9, 0.7, 0.5]
    assert list(curve.coverage) == [0.2, 0.4, 0.8, 1.0]
    assert list(curve.accuracy) == [1.0, 1.0, 0.75, 0.6]


def test_the_area_is_the_mean_risk_of_the_surest_rows() -> None:
    confidence, correct = rows_of(np.random.default_rng(0), 200)
    order = np.argsort(-confidence)
    found = area_under_risk(confidence, correct, **RESAMPLING)
    assert found.value == pytest.approx(plain_area(correct[order]), abs=1e-12)
    assert (found.low or 0) < found.value < (found.high or 0)


def test_rows_of_one_confidence_count_as_in_the_mean_over_all_their_orders() -> None:
    draw = np.random.default_rng(1)
    confidence, correct = rows_of(draw, 60)
    confidence = np.round(confidence, 1)
    areas = []
    for _ in range(1000):
        order = draw.permutation(60)
        areas.append(plain_area(correct[order][np.argsort(-confidence[order], kind="stable")]))
    found = area_under_risk(confidence, correct, **RESAMPLING)
    assert found.value == pytest.approx(np.mean(areas), abs=4 * np.std(areas) / np.sqrt(len(areas)))
    everything = area_under_risk(np.full(60, 0.5), correct, **RESAMPLING)
    assert everything.value == pytest.approx(np.mean(~correct))


def test_a_few_rows_without_a_mistake_are_no_certainty() -> None:
    area = area_under_risk(np.linspace(0.6, 0.9, 12), np.ones(12, dtype=bool), **RESAMPLING)
    assert area.value == area.low == 0
    assert (area.high or 0) > 0.05
    found = coverage_at_accuracy(np.linspace(0.6, 0.9, 12), np.ones(12, dtype=bool), 0.99, 0.95)
    assert (found.value, found.low, found.high) == (1, 0, 1)


def test_the_interval_of_the_area_holds_the_truth_as_often_as_it_says() -> None:
    draw = np.random.default_rng(2)
    # The k-th share of the surest rows is right with 1 - k / 4 on average: the risk rises evenly from 0 to 1/4.
    held = 0
    for trial in range(150):
        found = area_under_risk(*rows_of(draw, 150), samples=200, confidence=0.9, seed=trial)
        held += (found.low or 0) <= 0.125 <= (found.high or 0)
    assert 125 <= held <= 149


def test_accuracy_at_a_coverage_is_of_the_surest_rows_with_its_exact_interval() -> None:
    confidence = np.linspace(0.99, 0.5, 100)
    correct = np.arange(100) % 10 != 9
    found = accuracy_at_coverage(confidence, correct, 0.07, 0.95)
    assert (found.accepted, found.coverage) == (7, 0.07)
    assert found.accuracy == share_interval(7, 7, 0.95)
    half = accuracy_at_coverage(confidence, correct, 0.5, 0.95)
    assert half.threshold == confidence[49]
    assert half.accuracy == share_interval(45, 50, 0.95)
    assert accuracy_at_coverage(confidence, correct, 1, 0.95).accuracy.value == 0.9
    assert accuracy_at_coverage(np.full(100, 0.5), correct, 0.1, 0.95).coverage == 1
    with pytest.raises(ValueError, match="a coverage of 0"):
        accuracy_at_coverage(confidence, correct, 0, 0.95)


def test_the_coverage_at_an_accuracy_is_the_largest_that_reaches_it_and_its_low_end_is_safe() -> None:
    draw = np.random.default_rng(4)
    # The surest share c is right with 1 - c / 4 on average, so an accuracy of 0.9 is held up to a coverage of 0.4.
    too_high = too_low = 0
    for _ in range(200):
        found = coverage_at_accuracy(*rows_of(draw, 500), 0.9, 0.9)
        assert (found.low or 0) <= found.value <= (found.high or 0)
        too_high += (found.low or 0) > 0.4
        too_low += (found.high or 0) < 0.4
    assert too_high <= 20
    assert too_low <= 20
    assert coverage_at_accuracy(np.array([0.9, 0.8]), np.array([False, False]), 0.9, 0.9).value == 0


def test_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="0 confidences of 0 rows"):
        coverage_curve(np.array([]), np.array([], dtype=bool))
