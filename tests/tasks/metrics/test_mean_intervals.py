"""Intervals of means hold the truth as often as they say, and never mistake few rows for certainty."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.metrics.intervals import share_interval
from tasks.metrics.mean_intervals import mean_interval, ratio_interval

OPTIONS = {"samples": 4000, "confidence": 0.95, "seed": 0}


def test_of_zeros_and_ones_the_ends_are_those_of_clopper_and_pearson() -> None:
    values = np.array([1.0] * 18 + [0.0] * 2)
    found, exact = mean_interval(values, least=0, most=1, **OPTIONS), share_interval(18, 20, 0.95)  # type: ignore[arg-type]
    assert found.value == 0.9
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=0.01)


def test_a_small_holdout_without_a_mistake_is_no_certainty() -> None:
    found = mean_interval(np.ones(10), least=0, most=1, **OPTIONS)  # type: ignore[arg-type]
    assert found.high == 1
    assert found.low == pytest.approx(share_interval(10, 10, 0.95).low, abs=0.02)


def test_the_interval_of_a_mean_holds_the_truth_as_often_as_it_says() -> None:
    draw, held = np.random.default_rng(1), 0
    for seed in range(200):
        values = draw.beta(2, 3, size=40)
        found = mean_interval(values, least=0, most=1, samples=400, confidence=0.95, seed=seed)
        held += (found.low or 0) <= 0.4 <= (found.high or 1)
    assert held >= 185


def test_a_ratio_is_the_sum_over_the_sum_and_not_the_mean_of_ratios() -> None:
    sums, counts = np.array([1.0, 30.0] * 10), np.array([10.0, 20.0] * 10)
    found = ratio_interval(sums, counts, **OPTIONS)  # type: ignore[arg-type]
    assert found.value == pytest.approx(31 / 30)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 31 / 30 < found.high


def test_too_few_rows_give_no_interval_of_a_value_without_bounds() -> None:
    found = ratio_interval(np.ones(9), np.ones(9), **OPTIONS)  # type: ignore[arg-type]
    assert (found.value, found.low, found.high) == (1, None, None)


def test_no_rows_have_no_mean() -> None:
    with pytest.raises(ValueError, match="no rows"):
        mean_interval(np.array([]), least=0, most=1, **OPTIONS)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no rows"):
        ratio_interval(np.array([]), np.array([]), **OPTIONS)  # type: ignore[arg-type]
