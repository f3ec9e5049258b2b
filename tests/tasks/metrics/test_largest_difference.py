"""The interval of a largest difference holds the truth, also where there is none and where no mistake was seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tasks.metrics.intervals import share_interval
from tasks.metrics.largest_difference import Rate, largest_difference


def share(right: int, rows: int) -> Rate:
    return Rate(value=right / rows, rows=rows, as_sure_as=float(rows))


def misses(truths: list[float], rows: list[int], trials: int, confidence: float = 0.9) -> tuple[float, float, float]:
    """How often the low end lies above the truth, the high end below it, and the plain difference above it."""
    draw, truth = np.random.default_rng(5), float(np.ptp(truths))
    low = high = above = 0
    for trial in range(trials):
        rates = [share(right, count) for right, count in zip(draw.binomial(rows, truths), rows, strict=True)]
        found = largest_difference([rates], samples=250, confidence=confidence, seed=trial)
        low += (found.low or 0) > truth + 1e-9
        high += (found.high or 0) < truth
        above += found.value > truth
    return low / trials, high / trials, above / trials


@pytest.mark.parametrize(("right", "rows"), [(0, 12), (12, 12), (37, 40)])
def test_a_rates_own_interval_is_that_of_clopper_and_pearson(right: int, rows: int) -> None:
    exact, found = share_interval(right, rows, 0.95), share(right, rows).interval(0.95)
    assert (found.value, found.low, found.high) == pytest.approx((exact.value, exact.low, exact.high), abs=1e-12)


def test_groups_without_a_mistake_may_still_differ() -> None:
    found = largest_difference([[share(12, 12), share(12, 12)]], samples=4000, confidence=0.95, seed=0)
    assert found.value == found.low == 0
    assert found.high == pytest.approx(1 - 0.735, abs=0.01)  # the exact lower limit of 12 of 12


def test_more_rows_make_a_small_difference_certain() -> None:
    found = largest_difference([[share(47_500, 50_000), share(47_250, 50_000)]], samples=1000, confidence=0.95, seed=0)
    assert found.value == pytest.approx(0.005)
    assert 0 < (found.low or 0) < 0.005 < (found.high or 0) < 0.01


def test_a_difference_is_the_largest_of_all_pairs_and_families() -> None:
    near, far = [share(90, 100), share(88, 100)], [share(10, 100), share(40, 100), share(20, 100)]
    options: dict[str, Any] = {"samples": 500, "confidence": 0.95, "seed": 0}
    both = largest_difference([near, far], **options)
    alone = largest_difference([far], **options)
    assert both.value == alone.value == pytest.approx(0.3)
    assert (both.low or 0) <= (alone.low or 0) + 0.02, "more comparisons cannot make it surer"


def test_the_order_of_groups_is_nothing_to_the_value_and_the_seed_fixes_the_ends() -> None:
    rates = [share(90, 100), share(70, 100), share(85, 90)]
    options: dict[str, Any] = {"samples": 400, "confidence": 0.95, "seed": 2}
    first = largest_difference([rates], **options)
    assert largest_difference([rates], **options) == first
    turned = largest_difference([rates[::-1]], **options)
    assert turned.value == first.value
    assert (turned.low, turned.high) == pytest.approx((first.low, first.high), abs=0.02)


def test_one_group_alone_has_no_difference() -> None:
    with pytest.raises(ValueError, match="two rates or more"):
        largest_difference([[share(1, 2)]], samples=100, confidence=0.95, seed=0)


def test_chance_alone_lifts_the_low_end_no_more_often_than_stated_though_the_difference_itself_is_always_above() -> (
    None
):
    low, _, above = misses([0.9] * 8, [150] * 8, trials=120)
    assert above == 1
    assert low <= 0.11  # 5 % and three standard deviations


@pytest.mark.slow
@pytest.mark.parametrize(
    ("truths", "rows"),
    [
        ([0.9, 0.9], [200, 200]),
        ([0.95, 0.85], [300, 100]),
        ([0.99, 0.96], [300, 300]),
        ([0.9] * 6, [200] * 6),
        ([0.99] * 10, [40] * 10),
        ([0.95, 0.9, 0.9, 0.9, 0.85, 0.92], [100] * 6),
        ([0.9, 0.9, 0.8], [1000, 1000, 40]),
        ([0.95, 0.95, 0.95, 0.95, 0.8], [400, 400, 400, 400, 50]),
    ],
)
def test_each_end_misses_the_truth_no_more_often_than_stated(truths: list[float], rows: list[int]) -> None:
    low, high, _ = misses(truths, rows, trials=400)
    # 5 % a side and about three standard deviations of 400 trials.
    assert low <= 0.083
    assert high <= 0.083
