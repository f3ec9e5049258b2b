"""How sure the largest difference between several measured rates is, and each rate by itself.

The largest of many noisy differences is biased upwards: groups that are served alike still show one. So the two ends
are made apart. The low end comes from a band that holds all true differences at once, as Tukey's does for means (Tukey
1953, "The problem of multiple comparisons"), by resampling: chance alone lifts it above 0 no more often than the
confidence allows, however many groups there are. The high end needs no such band: the true largest difference is that
of some pair, so the highest of the pairs' own upper limits lies above it at least as often as that pair's does (the
intersection-union argument of Berger 1982, "Multiparameter hypothesis testing and acceptance sampling").

A rate is drawn as in tasks/metrics/intervals.py: by the Bayesian bootstrap with one more row that went wrong for a low
end and one more that went right for a high one, so that a few rows without a mistake do not pass for certainty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.records import Measurement

Floats = npt.NDArray[np.float64]

AT_ONCE = 250
"""Resamples that are held in memory together."""


@dataclass(frozen=True)
class Rate:
    """A rate of one group: a share of its rows, or a mean of several."""

    value: float
    """From 0 to 1."""
    rows: int
    """Rows that it rests on."""
    as_sure_as: float
    """A plain share of this many rows would be as sure."""

    def interval(self, confidence: float) -> Measurement:
        """The rate with its interval (Clopper and Pearson 1934, of a number of rows that need not be whole)."""
        from scipy.stats import beta

        tail, (right, wrong) = (1 - confidence) / 2, self.counts()
        low = float(beta.ppf(tail, right, wrong + 1)) if right > 0 else 0.0
        high = float(beta.ppf(1 - tail, right + 1, wrong)) if wrong > 0 else 1.0
        return Measurement(value=self.value, low=min(low, self.value), high=max(high, self.value))

    def counts(self) -> tuple[float, float]:
        """Rows that the share holds and rows that it does not, of those it is as sure as."""
        return self.value * self.as_sure_as, (1 - self.value) * self.as_sure_as


def largest_difference(
    families: Sequence[Sequence[Rate]], *, samples: int, confidence: float, seed: int
) -> Measurement:
    """The largest difference between two rates of one family, over all families, from 0 to 1, with its interval.

    Rates of one family are of rows apart. Raises ValueError where a family has fewer than two rates.
    """
    if not families or min(len(family) for family in families) < 2:
        raise ValueError("a difference takes two rates or more")
    measured = max(float(np.ptp([rate.value for rate in family])) for family in families)
    draw, tail = np.random.default_rng(seed), (1 - confidence) / 2
    excess = np.zeros(samples)
    centres, spreads, highest = [], [], 0.0
    for family in families:
        centre, spread = _moments(family)
        low, high = (np.concatenate(side) for side in zip(*_draws(family, samples, draw), strict=True))
        excess = np.maximum(excess, _furthest_below(low, high, centre, spread))
        highest = max(highest, _highest_upper_limit(low, high, tail))
        centres.append(centre.ravel())
        spreads.append(spread.ravel())
    critical = float(np.quantile(excess, 1 - tail))
    lowest = float((np.concatenate(centres) - critical * np.concatenate(spreads)).max())
    return Measurement(value=measured, low=min(max(lowest, 0.0), measured), high=min(max(highest, measured), 1.0))


def _draws(family: Sequence[Rate], samples: int, draw: np.random.Generator) -> Iterator[tuple[Floats, Floats]]:
    """Rates drawn with one more row gone wrong, and with one more gone right, each of shape (resamples, rates)."""
    right, wrong = np.array([rate.counts() for rate in family]).T
    for start in range(0, samples, AT_ONCE):
        size = (min(AT_ONCE, samples - start), len(family))
        held, missed, extra = (
            draw.standard_gamma(right, size),
            draw.standard_gamma(wrong, size),
            draw.exponential(size=size),
        )
        total = held + missed + extra
        yield held / total, (held + extra) / total


def _moments(family: Sequence[Rate]) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the first rate's low draw less the second's high one, both (rates, rates).

    A rate less itself is no difference, and gets a mean that can never be the largest.
    """
    right, wrong = np.array([rate.counts() for rate in family]).T
    total = right + wrong + 1
    # Of the beta distributions (right, wrong + 1) and (right + 1, wrong).
    lows, highs = right / total, (right + 1) / total
    low_variance = right * (wrong + 1) / (total**2 * (total + 1))
    high_variance = (right + 1) * wrong / (total**2 * (total + 1))
    centre: Floats = lows[:, None] - highs[None, :]
    np.fill_diagonal(centre, -np.inf)
    spread: Floats = np.sqrt(low_variance[:, None] + high_variance[None, :])
    np.fill_diagonal(spread, 1.0)
    return centre, spread


def _furthest_below(low: Floats, high: Floats, centre: Floats, spread: Floats) -> Floats:
    """By how many standard deviations the furthest drawn difference of each resample lies below its centre."""
    furthest = np.full(len(low), -np.inf)
    for first in range(low.shape[1]):
        for start in range(0, len(low), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            below = centre[first] - (low[part, first, None] - high[part])
            # Where neither rate can vary, the drawn difference is its centre.
            scaled = np.divide(below, spread[first], out=np.zeros_like(below), where=spread[first] > 0)
            furthest[part] = np.maximum(furthest[part], scaled.max(axis=1))
    return furthest


def _highest_upper_limit(low: Floats, high: Floats, tail: float) -> float:
    """The highest, over the pairs, of the limit that a drawn difference exceeds with a chance of `tail`."""
    found = 0.0
    for first in range(low.shape[1]):
        others = np.delete(low, first, axis=1)
        found = max(found, float(np.quantile(high[:, first, None] - others, 1 - tail, axis=0).max()))
    return found
