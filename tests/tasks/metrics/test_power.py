"""The number of rows is the one from which on the gate decides as often as wanted, by enumeration and simulation."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from scipy.stats import binom

from tasks.metrics.intervals import share_interval
from tasks.metrics.power import rows_for_share, times_the_rows


def chance(rows: int, expected: float, limit: float) -> float:
    """Chance that the exact interval's low end is at or above the limit, one count of hits after the other."""
    clears = [hits for hits in range(rows + 1) if (share_interval(hits, rows, 0.95).low or 0) >= limit]
    return float(binom.pmf(clears, rows, expected).sum())


@pytest.mark.parametrize(("expected", "limit"), [(0.9, 0.8), (0.95, 0.85), (0.999, 0.95)])
def test_the_rows_for_a_share_are_the_fewest_from_which_on_the_gate_passes_as_often_as_wanted(
    expected: float, limit: float
) -> None:
    rows = rows_for_share(expected, limit, at_least=True, confidence=0.95)
    assert rows is not None
    assert chance(rows - 1, expected, limit) < 0.8
    assert all(chance(count, expected, limit) >= 0.8 for count in range(rows, rows + 25))


def test_a_share_that_is_always_right_takes_as_many_rows_as_the_limit_leaves_a_chance() -> None:
    assert rows_for_share(1.0, 0.98, at_least=True, confidence=0.95) == 183  # 0.98 ** 183 is just below 2.5 %


def test_of_a_share_of_which_less_is_better_the_sides_change_place() -> None:
    there = rows_for_share(0.99, 0.97, at_least=True, confidence=0.95)
    assert rows_for_share(0.01, 0.03, at_least=False, confidence=0.95) == there


def test_more_power_takes_more_rows_and_what_cannot_be_shown_takes_none() -> None:
    usual, more = (rows_for_share(0.9, 0.8, at_least=True, confidence=0.95, power=power) for power in (0.8, 0.95))
    assert (usual or 0) < (more or 0)
    assert rows_for_share(0.7, 0.8, at_least=True, confidence=0.95) is None
    assert rows_for_share(0.80001, 0.8, at_least=True, confidence=0.95) is None
    assert rows_for_share(0.5, 0.0, at_least=True, confidence=0.95) == 1


def test_a_number_of_rows_too_large_for_every_one_to_be_looked_at_is_near_the_normal_one() -> None:
    rows = rows_for_share(0.801, 0.8, at_least=True, confidence=0.95)
    assert rows == pytest.approx((1.959964 * 0.4 + 0.841621 * np.sqrt(0.801 * 0.199)) ** 2 / 1e-6, rel=0.01)


@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_with_so_many_times_the_rows_four_of_five_intervals_clear_the_limit(confidence: float) -> None:
    rows, truth, limit, spread = 200, 0.03, 0.0, 0.5
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    times = times_the_rows(z * spread / math.sqrt(rows), truth - limit, confidence=confidence)
    error = spread / math.sqrt(times * rows)
    measured = np.random.default_rng(0).normal(truth, error, 50_000)
    assert (measured - z * error > limit).mean() == pytest.approx(0.8, abs=0.01)


def test_no_number_of_rows_separates_a_value_from_a_limit_that_it_is_at() -> None:
    assert times_the_rows(0.01, 0.0, confidence=0.9) == math.inf
