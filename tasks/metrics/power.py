"""How many rows it takes to decide: for a share against a limit, and for two models on the same rows.

A comparison that needs more rows than there are is not a failed one, and the number says what would settle it.
"""

from __future__ import annotations

import math

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


def rows_for_paired_difference(
    difference: float, discordant: float, *, margin: float = 0.0, confidence: float, power: float = POWER
) -> int | None:
    """Rows that it takes to show that our share of right rows is above theirs less `margin`, on the same rows.

    `difference` is the true difference of the shares, `discordant` the share of rows that only one of the two gets
    right. With a margin of 0 this is Connor's number (1987, "Sample size for testing differences in proportions for the
    paired-sample design", after Miettinen 1968), of which McNemar's test is the analysis; with one, the same about a
    difference of -margin (compare Liu, Hsueh, Hsieh and Chen 2002, "Tests for equivalence or non-inferiority for paired
    binary data"). None where the truth is not beyond the margin, or it takes more than MOST_ROWS. Raises ValueError
    where the difference is larger than the discordant share.
    """
    from scipy.stats import norm

    if not 0 <= discordant <= 1 or abs(difference) > discordant + 1e-12:
        raise ValueError(
            f"a difference of {difference:g} with {discordant:g} of the rows discordant: it cannot be larger than that"
        )
    distance = difference + margin
    if distance <= 0:
        return None
    at_limit = math.sqrt(max(discordant - margin**2, 0.0))
    at_truth = math.sqrt(max(discordant - difference**2, 0.0))
    wanted = float(norm.ppf((1 + confidence) / 2)) * at_limit + float(norm.ppf(power)) * at_truth
    rows = max(1, math.ceil((max(wanted, 0.0) / distance) ** 2))
    return rows if rows <= MOST_ROWS else None


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
