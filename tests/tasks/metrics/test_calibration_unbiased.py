"""The debiased calibration error is near 0 where the plain one is not, and its interval holds the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tasks.metrics.calibration import reliability_table
from tasks.metrics.calibration_unbiased import debiased_calibration_error, equal_mass_table
from tests.tasks.metrics.test_calibration_interval import rows_with_gap

BINS = 15
RESAMPLING: dict[str, Any] = {"samples": 200, "confidence": 0.95}


def test_of_a_perfectly_calibrated_model_the_plain_error_is_well_above_zero_and_this_one_is_not() -> None:
    draw = np.random.default_rng(3)
    rows = [rows_with_gap(draw, 300, 0.0) for _ in range(300)]
    plain = [reliability_table(*each, BINS).calibration_error for each in rows]
    tables = [equal_mass_table(*each, BINS) for each in rows]
    squared = np.array([float(table.squared_error(table.right)) for table in tables])
    biased = np.array([float((table.shares * table.gaps**2).sum()) for table in tables])
    error = squared.std() / np.sqrt(len(squared))
    assert np.mean(plain) > 0.03
    assert abs(squared.mean()) < 3 * error, "the squared error is not right on average"
    assert biased.mean() > 20 * error, "the reason for taking the noise off has gone"
    assert np.sqrt(np.maximum(squared, 0)).mean() < 0.6 * np.mean(plain)
    assert np.median(np.sqrt(np.maximum(squared, 0))) < 0.01


def test_where_the_model_is_too_sure_the_squared_error_is_right_on_average_on_few_rows() -> None:
    draw = np.random.default_rng(4)
    tables = [equal_mass_table(*rows_with_gap(draw, 150, 0.1), BINS) for _ in range(400)]
    squared = np.array([float(table.squared_error(table.right)) for table in tables])
    assert squared.mean() == pytest.approx(0.01, abs=3 * squared.std() / np.sqrt(len(squared)))


@pytest.mark.parametrize("gap", [0.0, 0.06])
def test_the_interval_holds_the_truth_as_often_as_it_says(gap: float) -> None:
    draw = np.random.default_rng(17)
    too_high = too_low = 0
    for trial in range(50):
        found = debiased_calibration_error(
            *rows_with_gap(draw, 400, gap),
            BINS,
            seed=trial,
            **RESAMPLING,
        )
        too_high += (found.low or 0) > gap + 1e-9
        too_low += (found.high or 0) < gap
    # Each end should miss in about one of 50 trials; five or more would happen by chance once in 100 times.
    assert too_high <= 4, "the low end lies above the truth too often"
    assert too_low <= 4, "the high end lies below the truth too often"


def test_a_model_that_is_far_too_sure_has_its_whole_interval_above_the_usual_limit() -> None:
    rows = rows_with_gap(np.random.default_rng(1), 600, 0.15)
    found = debiased_calibration_error(*rows, BINS, seed=0, **RESAMPLING)
    assert 0.05 < (found.low or 0) < found.value < (found.high or 0)


def test_a_few_rows_without_a_mistake_settle_nothing() -> None:
    found = debiased_calibration_error(
        np.full(12, 0.97),
        np.ones(12, dtype=bool),
        BINS,
        seed=0,
        **RESAMPLING,
    )
    assert (found.low or 0) <= 0.05 < (found.high or 0)


def test_bins_hold_about_as_many_rows_each_and_never_part_rows_of_one_confidence() -> None:
    draw = np.random.default_rng(0)
    even = equal_mass_table(draw.random(1000), draw.random(1000) < 0.5, 10)
    assert list(even.rows) == [100] * 10
    assert (np.diff(even.confidence) > 0).all()
    confidence, correct = np.round(draw.random(300), 1), draw.random(300) < 0.5
    order = draw.permutation(300)
    first, second = equal_mass_table(confidence, correct, 10), equal_mass_table(confidence[order], correct[order], 10)
    np.testing.assert_array_equal(first.right, second.right)
    assert first.rows.sum() == 300
    assert equal_mass_table(np.full(50, 0.9), correct[:50], 10).rows == [50]
    assert equal_mass_table(np.array([0.1] * 9 + [0.9]), correct[:10], 5).rows == [10]  # one row is no bin


def test_the_same_seed_gives_the_same_interval() -> None:
    rows = rows_with_gap(np.random.default_rng(1), 200, 0.02)
    first = debiased_calibration_error(*rows, BINS, seed=3, **RESAMPLING)
    assert debiased_calibration_error(*rows, BINS, seed=3, **RESAMPLING) == first


def test_a_single_row_is_refused() -> None:
    with pytest.raises(ValueError, match="1 confidences of 1 rows: it takes one each, of 2 rows"):
        equal_mass_table(np.array([0.5]), np.array([True]), BINS)
