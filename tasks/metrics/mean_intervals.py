"""How sure a mean is: intervals of a mean score, of a mean over tokens, and of a throughput, by resampling the rows.

The Bayesian bootstrap (Rubin 1981, "The Bayesian bootstrap") gives every row a random weight. As for the scores of
labels (tasks/metrics/intervals.py), each end of a bounded score's interval is drawn with one more row that holds the
bound, so that a small holdout without a single mistake does not pass for certainty; for scores of 0 and 1 the ends are
those of Clopper and Pearson.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tasks.records import Measurement

Floats = npt.NDArray[np.float64]

FEWEST_ROWS = 10
"""From fewer rows no interval is given for a value without bounds: their spread says too little."""
AT_ONCE = 250
"""Resamples that are held in memory together."""


def mean_interval(
    values: Floats, *, least: float, most: float, samples: int, confidence: float, seed: int
) -> Measurement:
    """Mean and interval of scores of shape (rows,) from `least` to `most`. Raises ValueError without rows."""
    if len(values) == 0:
        raise ValueError("a mean of no rows has no value")
    measured, tail = float(values.mean()), (1 - confidence) / 2
    distinct, counts = np.unique(values, return_counts=True)
    low, high = [], []
    for draw, size in _draws(samples, seed):
        # The weights of n rows of one value sum to a gamma of shape n, so equal values are drawn in one go.
        weights, extra = (
            draw.standard_gamma(counts.astype(np.float64), (size, len(counts))),
            draw.exponential(size=size),
        )
        total, sums = weights.sum(axis=1) + extra, weights @ distinct
        low.append((sums + extra * least) / total)
        high.append((sums + extra * most) / total)
    ends = np.quantile(np.concatenate(low), tail), np.quantile(np.concatenate(high), 1 - tail)
    return Measurement(value=measured, low=min(float(ends[0]), measured), high=max(float(ends[1]), measured))


def ratio_interval(sums: Floats, counts: Floats, *, samples: int, confidence: float, seed: int) -> Measurement:
    """The sum of all `sums` over that of all `counts`, both of shape (rows,), as of nats over tokens; rows resampled.

    Without an interval where there are fewer than FEWEST_ROWS rows. Raises ValueError without rows.
    """
    if len(sums) == 0:
        raise ValueError("a ratio over no rows has no value")
    measured, tail = float(sums.sum() / counts.sum()), (1 - confidence) / 2
    if len(sums) < FEWEST_ROWS:
        return Measurement(value=measured)
    drawn = []
    for draw, size in _draws(samples, seed):
        weights = draw.standard_exponential((size, len(sums)))
        drawn.append((weights @ sums) / (weights @ counts))
    low, high = np.quantile(np.concatenate(drawn), [tail, 1 - tail])
    return Measurement(value=measured, low=min(float(low), measured), high=max(float(high), measured))


def _draws(samples: int, seed: int) -> list[tuple[np.random.Generator, int]]:
    draw = np.random.default_rng(seed)
    return [(draw, min(AT_ONCE, samples - start)) for start in range(0, samples, AT_ONCE)]
