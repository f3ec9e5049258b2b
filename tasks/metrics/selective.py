"""A classifier that may abstain: how right it is on the share of rows of which it is surest.

Sources: El-Yaniv and Wiener (2010), "On the foundations of noise-free selective classification" (risk against
coverage); Geifman, Uziel and El-Yaniv (2019), "Bias-reduced uncertainty estimation for deep neural classifiers" (the
area under that curve, AURC); Geifman and El-Yaniv (2017), "Selective classification for deep neural networks" (a
coverage with a guaranteed risk). Rows of one confidence cannot be told apart: they are taken in together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.metrics.intervals import share_interval
from tasks.records import Measurement

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

WEIGHTS_AT_ONCE = 1_000_000
"""Weights of resampled rows that are held in memory together."""
GUARANTEED_AT = 20
"""Coverages, evenly spaced, at which the lower end of `coverage_at_accuracy` is looked for."""


@dataclass(frozen=True)
class CoverageCurve:
    """Accuracy of the surest rows by how many they are; a point a distinct confidence, arrays of shape (points,)."""

    thresholds: Floats
    """The least confidence taken in, falling."""
    accepted: Integers
    """Rows that are at least so sure, rising to all."""
    right: Integers
    """Rows among those whose label was predicted."""

    @property
    def coverage(self) -> Floats:
        """Share of all rows that is taken in."""
        share: Floats = self.accepted / self.accepted[-1]
        return share

    @property
    def accuracy(self) -> Floats:
        """Share of the rows taken in that is right; the risk is what is left to 1."""
        share: Floats = self.right / self.accepted
        return share


@dataclass(frozen=True)
class Selection:
    """The rows that are at least as sure as a threshold: their share, and how right they are."""

    threshold: float
    coverage: float
    accepted: int
    accuracy: Measurement


def coverage_curve(confidence_in_label: Floats, correct: npt.NDArray[np.bool_]) -> CoverageCurve:
    """The curve of rows with confidence and correctness of shape (rows,). Raises ValueError without rows."""
    if len(correct) == 0 or len(correct) != len(confidence_in_label):
        raise ValueError(f"{len(confidence_in_label)} confidences of {len(correct)} rows: it takes one a row, and rows")
    rising, index, counts = np.unique(confidence_in_label, return_inverse=True, return_counts=True)
    right = np.bincount(index, weights=correct, minlength=len(rising))
    return CoverageCurve(rising[::-1], counts[::-1].cumsum(), right[::-1].cumsum().astype(np.int64))


def area_under_risk(
    confidence_in_label: Floats, correct: npt.NDArray[np.bool_], *, samples: int, confidence: float, seed: int
) -> Measurement:
    """AURC: the share of wrong rows among the k surest, averaged over k from 1 to all; from 0 to 1, less is better.

    Among rows of one confidence the mean over all orders is taken. The interval is the Bayesian bootstrap's with one
    more row, as sure as a row drawn at random, gone right for the low end and wrong for the high one.
    """
    curve = coverage_curve(confidence_in_label, correct)
    starts = curve.accepted - np.diff(curve.accepted, prepend=0)
    # Sorted by both, so that the order in which rows come is nothing to their weights.
    wrong = ~correct[np.lexsort((correct, -confidence_in_label))]
    draw, tail = np.random.default_rng(seed), (1 - confidence) / 2
    ones = np.ones((1, len(correct)))
    measured = float(_area(*_summed(ones, wrong, starts))[0])
    low, high = [], []
    at_once = max(1, WEIGHTS_AT_ONCE // len(correct))
    for start in range(0, samples, at_once):
        size = min(at_once, samples - start)
        rows, missed = _summed(draw.standard_exponential((size, len(correct))), wrong, starts)
        place = np.searchsorted(starts, draw.integers(0, len(correct), size), side="right") - 1
        extra = np.zeros_like(rows)
        extra[np.arange(size), place] = draw.standard_exponential(size)
        low.append(_area(rows + extra, missed))
        high.append(_area(rows + extra, missed + extra))
    ends = np.quantile(np.concatenate(low), tail), np.quantile(np.concatenate(high), 1 - tail)
    return Measurement(value=measured, low=min(float(ends[0]), measured), high=max(float(ends[1]), measured))


def accuracy_at_coverage(
    confidence_in_label: Floats, correct: npt.NDArray[np.bool_], coverage: float, confidence: float
) -> Selection:
    """The surest rows, at least the share `coverage` (above 0, to 1) of all, and the exact interval of their accuracy.

    The interval is for the threshold that was found, which is the share's only as far as these rows tell.
    """
    if not 0 < coverage <= 1:
        raise ValueError(f"a coverage of {coverage:g}: it lies above 0 and not above 1")
    curve = coverage_curve(confidence_in_label, correct)
    # A share such as 0.07 of 100 rows is 7 rows, though the product is a little more.
    place = int(np.searchsorted(curve.accepted, np.ceil(coverage * len(correct) - 1e-9)))
    accepted = int(curve.accepted[place])
    return Selection(
        threshold=float(curve.thresholds[place]),
        coverage=accepted / len(correct),
        accepted=accepted,
        accuracy=share_interval(int(curve.right[place]), accepted, confidence),
    )


def coverage_at_accuracy(
    confidence_in_label: Floats, correct: npt.NDArray[np.bool_], wanted: float, confidence: float
) -> Measurement:
    """The largest share of rows, surest first, that is right as often as `wanted`; 0 where no share is.

    From the low end down the accuracy is guaranteed: its exact limit lies above `wanted`, with Bonferroni's correction
    for the coverages that were tried. The high end is the largest coverage at which `wanted` is not ruled out.
    """
    from scipy.stats import beta

    curve, tail = coverage_curve(confidence_in_label, correct), (1 - confidence) / 2
    wrong = curve.accepted - curve.right
    grid = np.searchsorted(curve.accepted, np.ceil(np.linspace(0, 1, GUARANTEED_AT + 1)[1:] * len(correct) - 1e-9))
    lower = beta.ppf(tail / GUARANTEED_AT, np.maximum(curve.right[grid], 1), wrong[grid] + 1)
    upper = np.where(wrong == 0, 1.0, beta.ppf(1 - tail, curve.right + 1, np.maximum(wrong, 1)))
    return Measurement(
        value=_largest(curve.coverage, curve.accuracy >= wanted),
        low=_largest(curve.coverage[grid], (lower >= wanted) & (curve.right[grid] > 0)),
        high=_largest(curve.coverage, upper >= wanted),
    )


def _largest(coverage: Floats, holds: npt.NDArray[np.bool_]) -> float:
    return float(coverage[holds].max()) if holds.any() else 0.0


def _summed(weights: Floats, wrong: npt.NDArray[np.bool_], starts: Integers) -> tuple[Floats, Floats]:
    """Weights of all rows and of the wrong ones, (resamples, rows), summed by confidence: (resamples, confidences)."""
    return np.add.reduceat(weights, starts, axis=1), np.add.reduceat(weights * wrong, starts, axis=1)


def _area(rows: Floats, wrong: Floats) -> Floats:
    """Area under the risk of (weighted) rows in order of falling confidence, from (resamples, confidences).

    Of m rows of one confidence, a share s wrong, that come after B rows, e of them wrong, the j-th adds a risk of
    (e + s j) / (B + j), which is s + (e - s B) / (B + j); the sum over j is a difference of digamma functions.
    """
    from scipy.special import digamma

    after = rows.cumsum(axis=1)
    before, missed = after - rows, wrong.cumsum(axis=1) - wrong
    share = np.divide(wrong, rows, out=np.zeros_like(wrong), where=rows > 0)
    steps = np.diff(digamma(after + 1), axis=1, prepend=digamma(1.0))
    area: Floats = (wrong + (missed - share * before) * steps).sum(axis=1) / after[:, -1]
    return area
