"""How far live predictions have moved from the reference: Kullback-Leibler divergence, corrected for its bias."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SMOOTHING = 0.5
"""Added to each label's count in the reference, so that a label it never saw costs much and not infinitely much.

One half is Jeffreys' prior for a multinomial. It is also the value that makes `log(count + 1/2)` an almost unbiased
estimate of the logarithm of the expected count (Haldane 1956; Anscombe 1956), which the correction below rests on.
"""


@dataclass(frozen=True)
class Divergence:
    """An estimate of the divergence in nats, and its confidence interval."""

    value: float
    low: float
    high: float


def kl_divergence(live: Counts, reference: Counts) -> float:
    """Plug-in estimate of KL(live ‖ reference) in nats, from counts of shape (labels,), the reference smoothed.

    It is biased upward: see `bias`.
    """
    return float(_plug_in(live[None, :], reference[None, :])[0])


def bias(live: Counts, reference: Counts) -> float:
    """By how much the plug-in estimate is expected to be too high, in nats: (k - 1) / 2n + (k - 1) / 2N.

    n and N are the rows of live traffic and of the reference, k the labels that either of them saw: leave out others.
    The first part is the correction of Miller (1955, "Note on the bias of information estimates"), the second its twin
    for the reference, which is a sample too. Labels that only the reference saw count: with few requests most labels
    are not seen yet, and a correction by those seen alone (Miller and Madow's) falls short.
    """
    return (len(live) - 1) / 2 * (1 / float(live.sum()) + 1 / float(reference.sum()))


def estimate(
    live: Counts, reference: Counts, *, confidence: float = 0.95, samples: int = 1000, seed: int = 0
) -> Divergence:
    """The corrected divergence with a two-sided bootstrap interval; none of the figures is below zero.

    Both sets of counts, of shape (labels,), are drawn again as multinomials. A resample's divergence is too high by
    the bias of the data *and* its own, so it is the spread of the resamples that is laid around the corrected estimate.
    Raises ValueError where either set is empty.
    """
    if live.sum() == 0 or reference.sum() == 0:
        raise ValueError("a divergence needs at least one live prediction and one in the reference")
    corrected = kl_divergence(live, reference) - bias(live, reference)
    draw = np.random.default_rng(seed)
    smoothed = reference + SMOOTHING
    again = draw.multinomial(live.sum(), live / live.sum(), size=samples)
    base = draw.multinomial(reference.sum(), smoothed / smoothed.sum(), size=samples)
    resampled = _plug_in(again, base)
    tail = (1 - confidence) / 2
    low, high = corrected + np.quantile(resampled - resampled.mean(), [tail, 1 - tail])
    return Divergence(value=max(0.0, corrected), low=max(0.0, float(low)), high=max(0.0, float(high)))


def _plug_in(live: Counts, reference: Counts) -> Floats:
    """Divergence of each row; both arguments have the shape (rows, labels)."""
    smoothed = reference + SMOOTHING
    p = live / live.sum(axis=1, keepdims=True)
    q = smoothed / smoothed.sum(axis=1, keepdims=True)
    ratio = np.divide(p, q, out=np.ones_like(p), where=p > 0)
    divergence: Floats = (p * np.log(ratio)).sum(axis=1)
    return divergence
