"""The spread of a score over trainings that differ by their seed alone, and what it does to a difference of two.

The standard deviation s of k trainings has k - 1 degrees of freedom. Two trainings of the same recipe then differ by
less than t · sqrt(2) · s in a share `confidence` of all cases, with Student's t (Bouthillier et al., "Accounting for
variance in machine learning benchmarks", MLSys 2021, on why seeds count). The scores are those on one holdout, so the
spread holds a little of what an interval over rows holds too: it is rather too wide than too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import stdev

from tasks.records import Measurement, Record


class TrainerNoise(Record):
    """How trainings that differ by their seed alone scored on one holdout."""

    recipe_digest: str
    """SHA-256 of all that says how the model is made, but its rows and its seed."""
    holdout_digest: str
    rows: int
    """Rows of that holdout."""
    seeds: tuple[int, ...]
    scores: dict[str, tuple[float, ...]]
    """By metric of the report, its value for each seed."""


def reach(scores: Sequence[float], confidence: float) -> float:
    """How far apart two trainings lie at most, in a share `confidence` of all cases, in the scores' unit.

    Raises ValueError for less than two scores.
    """
    if len(scores) < 2:
        raise ValueError(f"{len(scores)} scores have no spread: at least two are needed")
    from scipy.stats import t as student

    quantile = float(student.ppf((1 + confidence) / 2, len(scores) - 1))
    return quantile * math.sqrt(2) * stdev(scores)


def widened(difference: Measurement, by: float) -> Measurement:
    """A difference whose interval holds both its own uncertainty and `by`, independent of it: the root of squares."""
    if difference.low is None or difference.high is None:
        return difference
    below, above = difference.value - difference.low, difference.high - difference.value
    return Measurement(
        value=difference.value,
        low=difference.value - math.hypot(below, by),
        high=difference.value + math.hypot(above, by),
    )
