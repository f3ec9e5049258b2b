"""How sure a measured value is: confidence intervals for scores, shares and percentiles, and a paired test.

Scores are resampled with the Bayesian bootstrap (Rubin 1981, "The Bayesian bootstrap"): every row gets a random
weight. The end of an interval that looks bad is drawn with one more row that went wrong, the end that looks good with
one more that went right. For accuracy these are exactly the limits of Clopper and Pearson (1934), and they keep a small
holdout without a single mistake from passing for certainty, as the plain bootstrap would have it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.metrics.classification import SCORES, Tally, classification_scores
from tasks.records import Measurement

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

AT_ONCE = 250
"""Resamples that are held in memory together."""


def score_intervals(
    labels: Integers, predicted: Integers, classes: int, *, samples: int, confidence: float, seed: int
) -> dict[str, Measurement]:
    """Each of SCORES with its interval, for label indices of shape (rows,) below `classes`."""
    measured = classification_scores(labels, predicted, classes)
    cells, counts = np.unique(np.stack([labels, predicted]), axis=1, return_counts=True)
    low, high = [], []
    for weights, extra in _draws(counts, labels, classes, samples, seed):
        actual, hits = _onehot(cells[0], classes), _onehot(cells[0], classes) * (cells[0] == cells[1])[:, None]
        answers, rows = _onehot(cells[1], classes), weights.sum(axis=1) + extra.sum(axis=1)
        truth, right, given = weights @ actual + extra, weights @ hits, weights @ answers
        low.append(Tally(right, truth, given, rows).scores())
        high.append(Tally(right + extra, truth, given + extra, rows).scores())
    return {name: _between(measured[name], low, high, name, confidence, 1.0) for name in SCORES}


def paired_difference(
    labels: Integers,
    ours: Integers,
    theirs: Integers,
    classes: int,
    *,
    metric: str,
    samples: int,
    confidence: float,
    seed: int,
) -> Measurement:
    """Our score less theirs on the same rows, for the score of SCORES that `metric` names; rows are drawn as pairs."""
    measured = (
        classification_scores(labels, ours, classes)[metric] - classification_scores(labels, theirs, classes)[metric]
    )
    cells, counts = np.unique(np.stack([labels, ours, theirs]), axis=1, return_counts=True)
    actual = _onehot(cells[0], classes)
    answers = [_onehot(cells[side], classes) for side in (1, 2)]
    hits = [actual * (cells[0] == cells[side])[:, None] for side in (1, 2)]
    low, high = [], []
    for weights, extra in _draws(counts, labels, classes, samples, seed):
        truth, rows = weights @ actual + extra, weights.sum(axis=1) + extra.sum(axis=1)
        right, given = [weights @ columns for columns in hits], [weights @ columns for columns in answers]
        wrong = [Tally(right[side], truth, given[side], rows).scores()[metric] for side in (0, 1)]
        one_more = [Tally(right[side] + extra, truth, given[side] + extra, rows).scores()[metric] for side in (0, 1)]
        low.append({metric: wrong[0] - one_more[1]})
        high.append({metric: one_more[0] - wrong[1]})
    return _between(measured, low, high, metric, confidence, 2.0)


def share_interval(count: int, rows: int, confidence: float) -> Measurement:
    """A share of `rows` with its exact interval (Clopper and Pearson 1934). Raises ValueError without rows."""
    from scipy.stats import beta

    if rows < 1:
        raise ValueError("a share of no rows has no value")
    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, count, rows - count + 1)) if count else 0.0
    high = float(beta.ppf(1 - tail, count + 1, rows - count)) if count < rows else 1.0
    return Measurement(value=count / rows, low=low, high=high)


def share_difference(count: int, rows: int, other: int, other_rows: int, confidence: float) -> Measurement:
    """The share `count / rows` less `other / other_rows`, each of rows of its own, with its interval.

    Its ends come from those of the two shares, squared and added (Newcombe 1998, "Interval estimation for the
    difference between independent proportions", method 10, here with exact intervals). Raises ValueError without rows.
    """
    ours, theirs = share_interval(count, rows, confidence), share_interval(other, other_rows, confidence)
    difference = ours.value - theirs.value
    below = math.hypot(ours.value - (ours.low or 0.0), (theirs.high or 0.0) - theirs.value)
    above = math.hypot((ours.high or 0.0) - ours.value, theirs.value - (theirs.low or 0.0))
    return Measurement(value=difference, low=max(-1.0, difference - below), high=min(1.0, difference + above))


def percentile_interval(values: Floats, share: float, confidence: float) -> Measurement:
    """The value that `share` (0 to 1) of `values` do not exceed, between two of the ordered values.

    No shape of the distribution is assumed; values are taken as independent. An end is null where there are too few
    values for it: see `values_needed`. Source: David and Nagaraja (2003), "Order Statistics", section 7.1.
    """
    from scipy.stats import binom

    ordered, count, tail = np.sort(values), len(values), (1 - confidence) / 2
    # Ranks from 1: the interval from rank l up to rank u covers with P(l <= Binomial(count, share) < u).
    lower, upper = int(binom.ppf(tail, count, share)), int(binom.ppf(1 - tail, count, share)) + 1
    return Measurement(
        value=float(np.quantile(ordered, share, method="inverted_cdf")),
        low=float(ordered[lower - 1]) if lower >= 1 else None,
        high=float(ordered[upper - 1]) if upper <= count else None,
    )


def values_needed(share: float, confidence: float) -> int:
    """The fewest values from which `percentile_interval` can give an upper end, for a share of a half or more."""
    return math.ceil(math.log((1 - confidence) / 2) / math.log(share))


def mcnemar_p_value(ours_right: npt.NDArray[np.bool_], theirs_right: npt.NDArray[np.bool_]) -> float:
    """Two-sided exact p-value of McNemar's test (1947): are the rows that only one gets right split evenly?"""
    from scipy.stats import binomtest

    only_ours = int((ours_right & ~theirs_right).sum())
    only_theirs = int((theirs_right & ~ours_right).sum())
    if only_ours + only_theirs == 0:
        return 1.0
    return float(binomtest(only_ours, only_ours + only_theirs, 0.5).pvalue)


def _draws(
    counts: Integers, labels: Integers, classes: int, samples: int, seed: int
) -> Iterator[tuple[Floats, Floats]]:
    """Random weights (resamples, cells) of the rows in each cell, and of one more row (resamples, labels).

    The sum of the exponential weights of n rows is gamma-distributed with shape n, so cells are drawn in one go. The
    one more row is spread over the labels as the rows are.
    """
    draw = np.random.default_rng(seed)
    shares = np.bincount(labels, minlength=classes) / len(labels)
    for start in range(0, samples, AT_ONCE):
        size = min(AT_ONCE, samples - start)
        yield (
            draw.standard_gamma(counts.astype(np.float64), size=(size, len(counts))),
            draw.standard_gamma(shares, size=(size, classes)),
        )


def _between(
    measured: float,
    low: list[dict[str, Floats]],
    high: list[dict[str, Floats]],
    name: str,
    confidence: float,
    most: float,
) -> Measurement:
    tail = (1 - confidence) / 2
    lower = float(np.quantile(np.concatenate([scores[name] for scores in low]), tail))
    upper = float(np.quantile(np.concatenate([scores[name] for scores in high]), 1 - tail))
    return Measurement(value=measured, low=min(lower, measured), high=min(max(upper, measured), most))


def _onehot(indices: npt.NDArray[np.integer[Any]], classes: int) -> Floats:
    columns: Floats = (indices[:, None] == np.arange(classes)).astype(np.float64)
    return columns
