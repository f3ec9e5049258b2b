"""How many rows it takes to decide: for a share against a limit, and for any interval that narrows with its rows.

A comparison that needs more rows than there are is not a failed one, and the number says what would settle it.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

POWER = 0.8
"""The usual chance of deciding that a number of rows is to give (Cohen 1988, "Statistical power analysis")."""
MOST_ROWS = 10_000_000
"""Where more rows than this were needed, no collection of rows would settle it."""
FEW_ROWS = 20_000
"""Up to this many rows, every smaller number is looked at."""


def rows_for_share(
    expected: float, limit: float, *, at_least: bool, confidence: float, power: float = POWER
) -> int | None:
    """Rows from which on the exact interval of a share clears `limit`, if the truth is `expected`.

    The interval is that of Clopper and Pearson (tasks.metrics.intervals.share_interval), and `power` the least chance
    that all of it lies at or above the limit (at or below it without `at_least`). The chance goes up and down from row
    to row (Chernick and Liu 2002, "The saw-toothed behavior of power versus sample size"): it is enough for the number
    given and for all above it. None where the expected share is not beyond the limit, or it takes more than MOST_ROWS.
    """
    if not at_least:
        expected, limit = 1 - expected, 1 - limit
    if expected <= limit:
        return None
    if limit <= 0:
        return 1
    tail = (1 - confidence) / 2
    guess = _normal_rows(expected, limit, tail, power)
    while guess <= MOST_ROWS:
        counts = _numbers_up_to(2 * guess + 100)
        short = counts[share_power(counts, expected, limit, tail) < power]
        # The last number that falls short must lie well inside those looked at.
        if len(short) == 0 or short[-1] < 1.5 * guess + 50:
            return int(short[-1]) + 1 if len(short) else 1
        guess *= 2
    return None


def share_power(rows: Integers, expected: float, limit: float, tail: float) -> npt.NDArray[np.float64]:
    """Chance that the exact lower end, each end missing with a chance of `tail`, is at least `limit`; by rows (n,)."""
    from scipy.stats import binom

    # The lower end is at or above the limit just where so many hits have a chance of `tail` or less at the limit.
    needed = binom.isf(tail, rows, limit) + 1
    chance: npt.NDArray[np.float64] = binom.sf(needed - 1, rows, expected)
    return chance


def times_the_rows(half_width: float, distance: float, *, confidence: float, power: float = POWER) -> float:
    """How many times as many rows it takes for an interval to clear a limit with a chance of `power`.

    `half_width` is that of the interval now, on the side of the limit, and `distance` the value's from the limit, which
    is taken for the truth; both in one unit. Of a normal estimate, whose interval narrows with the root of the rows,
    the limit is cleared where (z(confidence) + z(power)) standard errors fit into the distance (Cohen 1988).
    """
    if distance <= 0:
        return math.inf
    of_interval, of_power = NormalDist().inv_cdf((1 + confidence) / 2), NormalDist().inv_cdf(power)
    return (half_width / distance * (of_interval + of_power) / of_interval) ** 2


def _normal_rows(expected: float, limit: float, tail: float, power: float) -> int:
    """Rows by the normal approximation, where the search for the exact number begins."""
    from scipy.stats import norm

    spread = norm.isf(tail) * math.sqrt(limit * (1 - limit)) + norm.ppf(power) * math.sqrt(expected * (1 - expected))
    return max(10, math.ceil((max(float(spread), 0.0) / (expected - limit)) ** 2))


def _numbers_up_to(most: int) -> Integers:
    """All numbers from 1, or, where those are many, so many that neighbours are less than a thousandth apart."""
    if most <= FEW_ROWS:
        return np.arange(1, most + 1)
    return np.unique(
        np.concatenate([np.arange(1, FEW_ROWS + 1), np.geomspace(FEW_ROWS, most, 20_000).astype(np.int64)])
    )
