"""The interval of the calibration error holds the truth, where the percentile bootstrap's would not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from tasks.metrics.calibration import Floats, reliability_table
from tasks.metrics.calibration_interval import calibration_error_interval

TRIALS, ROWS, BINS = 50, 300, 15


def rows_with_gap(draw: np.random.Generator, rows: int, gap: float) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Confidences as a trained classifier has them, mostly high, that overstate the accuracy by `gap`."""
    confidence = 0.3 + 0.65 * draw.beta(6, 0.8, rows)
    return confidence, draw.random(rows) < confidence - gap


@pytest.mark.parametrize("gap", [0.0, 0.02, 0.06])
def test_the_interval_holds_the_truth_as_often_as_it_says(gap: float) -> None:
    draw = np.random.default_rng(17)
    too_high = too_low = 0
    for trial in range(TRIALS):
        found = calibration_error_interval(
            *rows_with_gap(draw, ROWS, gap), BINS, samples=150, confidence=0.95, seed=trial
        )
        too_high += (found.low or 0) > gap + 1e-9
        too_low += (found.high or 0) < gap
    # Each end should miss in about one of 50 trials; five or more would happen by chance once in 100 times.
    assert too_high <= 4, "the low end lies above the truth too often"
    assert too_low <= 4, "the high end lies below the truth too often"


def test_the_percentile_bootstrap_would_condemn_a_calibrated_model() -> None:
    draw = np.random.default_rng(17)
    above = 0
    for _ in range(20):
        confidence, correct = rows_with_gap(draw, ROWS, 0.0)
        picks = [draw.integers(0, ROWS, ROWS) for _ in range(100)]
        errors = [reliability_table(confidence[rows], correct[rows], BINS).calibration_error for rows in picks]
        above += int(np.quantile(errors, 0.025) > 0.004)
    assert above >= 15, "the reason for the other method has gone"


def test_a_model_that_is_far_too_sure_has_its_whole_interval_above_the_usual_limit() -> None:
    draw = np.random.default_rng(1)
    found = calibration_error_interval(*rows_with_gap(draw, 600, 0.15), BINS, samples=500, confidence=0.95, seed=0)
    assert (found.low or 0) > 0.05
    assert (found.low or 0) <= found.value <= (found.high or 0)


@pytest.mark.parametrize("stated", [0.9, 0.999])
def test_a_few_rows_without_a_mistake_settle_nothing(stated: float) -> None:
    found = calibration_error_interval(
        np.full(12, stated), np.ones(12, dtype=bool), BINS, samples=500, confidence=0.95, seed=0
    )
    assert (found.low or 0) <= 0.05 < (found.high or 0)


def test_a_perfect_match_has_an_interval_from_zero() -> None:
    found = calibration_error_interval(
        np.full(4, 0.5), np.array([True, False, True, False]), 2, samples=100, confidence=0.95, seed=0
    )
    assert found.value == 0
    assert found.low == 0
    assert (found.high or 0) > 0.2


def test_the_same_seed_gives_the_same_interval() -> None:
    rows = rows_with_gap(np.random.default_rng(1), 200, 0.02)
    options = {"samples": 100, "confidence": 0.95, "seed": 3}
    first = calibration_error_interval(*rows, BINS, **options)  # type: ignore[arg-type]
    assert calibration_error_interval(*rows, BINS, **options) == first  # type: ignore[arg-type]
