"""The number of rows is the one from which on the gate decides as often as wanted, by enumeration and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from tasks.metrics.intervals import share_interval
from tasks.metrics.power import rows_for_paired_difference, rows_for_share


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


def test_the_rows_for_a_paired_difference_are_connors() -> None:
    # Connor (1987) with 45 % and 5 % discordant, two-sided at 5 %, power 80 %: 23, as powerandsamplesize.com has it.
    assert rows_for_paired_difference(0.40, 0.50, confidence=0.95) == 23
    assert rows_for_paired_difference(-0.01, 0.1, margin=0.01, confidence=0.95) is None
    with pytest.raises(ValueError, match="cannot be larger"):
        rows_for_paired_difference(0.2, 0.1, confidence=0.95)


@pytest.mark.parametrize(("difference", "discordant", "margin"), [(0.04, 0.12, 0.0), (0.0, 0.08, 0.02)])
def test_so_many_rows_show_a_paired_difference_as_often_as_wanted(
    difference: float, discordant: float, margin: float
) -> None:
    rows = rows_for_paired_difference(difference, discordant, margin=margin, confidence=0.95)
    assert rows is not None
    shares = [(discordant + difference) / 2, (discordant - difference) / 2, 1 - discordant]
    only_ours, only_theirs, _ = np.random.default_rng(0).multinomial(rows, shares, size=20_000).T / rows
    measured, differ = only_ours - only_theirs, only_ours + only_theirs
    spread = np.sqrt((differ - (0 if margin == 0 else measured**2)) / rows)
    shown = (measured + margin) / spread > 1.959964
    assert shown.mean() == pytest.approx(0.8, abs=0.02)
