"""Accuracy where the labels come in other shares than in the holdout, from the answers that are there.

Only the shares of the labels move; how often a row of a label is answered rightly stays (label shift: Lipton, Wang and
Smola 2018, "Detecting and correcting for label shift with black box predictors"). The accuracy under shares q is then
sum_y q_y recall_y.

The lowest of many measured recalls is mostly the unluckiest: 77 labels of 13 rows each look far more unequal than they
are, and a worst case taken from them is too bad. So the recalls are drawn from their posterior instead, in which labels
with few rows lean on all others: recall_y follows Beta(a m, a (1 - m)) with the mean m and the strength a drawn along
(Gelman et al. 2013, "Bayesian Data Analysis", section 5.3). As for
all scores here (tasks/metrics/intervals.py) the ends of an interval are drawn with one more row that went wrong or
right, spread over the labels as the rows are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.metrics.calibration import Floats, Integers
from tasks.metrics.classification import Tally, confusion_matrix
from tasks.records import Measurement

STEPS = 35
"""Halvings of the interval in which the tilt is sought."""
STRENGTHS: Floats = np.geomspace(1, 1000, 40)
"""Strengths of what labels have in common that are held possible, in rows a label."""
MEANS: Floats = np.linspace(0.0025, 0.9975, 200)
"""Means of the labels' recalls that are held possible."""
STEEPEST = 1e6
"""Tilt beyond which all weight lies on the worst labels."""

OfRecalls = Callable[[Floats], Floats]
"""An accuracy of shape (resamples,) from recalls of shape (resamples, labels)."""


@dataclass(frozen=True)
class Recalls:
    """Labels with rows, their shares and how often each is answered rightly, measured and resampled."""

    labels: Integers
    """Index of each label with rows, of shape (labels,)."""
    shares: Floats
    """Their shares of the rows, of shape (labels,)."""
    measured: Floats
    """Of shape (labels,)."""
    drawn: Floats
    """Of shape (resamples, labels)."""
    drawn_low: Floats
    """The same with one more row that went wrong."""
    drawn_high: Floats
    """The same with one more row that went right."""

    @property
    def clean(self) -> float:
        """Accuracy with the labels in their present shares."""
        return float(self.shares @ self.measured)

    def accuracy(self, of: OfRecalls, confidence: float) -> Measurement:
        """An accuracy under shift with its interval: the measured accuracy less the expected loss."""
        tail = (1 - confidence) / 2
        low, high = np.quantile(of(self.drawn_low), tail), np.quantile(of(self.drawn_high), 1 - tail)
        return _within(self.clean - self.loss(of, confidence).value, float(low), float(high), 0.0)

    def loss(self, of: OfRecalls, confidence: float) -> Measurement:
        """The present accuracy less that under shift, both from the same recalls."""
        tail = (1 - confidence) / 2
        plain, low, high = (draws @ self.shares - of(draws) for draws in (self.drawn, self.drawn_low, self.drawn_high))
        ends = np.quantile(np.minimum(low, high), tail), np.quantile(np.maximum(low, high), 1 - tail)
        return _within(float(plain.mean()), float(ends[0]), float(ends[1]), -1.0)


def recalls_of(labels: Integers, correct: npt.NDArray[np.bool_], *, samples: int, seed: int) -> Recalls:
    """Recalls by label of rows with label indices and correctness, both of shape (rows,)."""
    names, codes, rows = np.unique(labels, return_inverse=True, return_counts=True)
    hits: Floats = np.bincount(codes, weights=correct, minlength=len(names)).astype(np.float64)
    draw = np.random.default_rng(seed)
    posterior = _posterior(hits, rows)
    strength_place, mean_place = divmod(draw.choice(posterior.size, size=(samples, 1), p=posterior.ravel()), len(MEANS))
    strength, mean = STRENGTHS[strength_place], MEANS[mean_place]
    right = draw.standard_gamma(hits + strength * mean)
    wrong = draw.standard_gamma(rows - hits + strength * (1 - mean))
    shares, whole = rows / rows.sum(), right + wrong
    extra = draw.standard_gamma(shares, size=whole.shape)
    return Recalls(
        names, shares, hits / rows, right / whole, right / (whole + extra), (right + extra) / (whole + extra)
    )


def _posterior(hits: Floats, rows: Integers) -> Floats:
    """Probability of each of STRENGTHS (first axis) with each of MEANS (second), by the beta-binomial likelihood.

    Beforehand every mean is alike, and so is every 1 / sqrt(strength), as Gelman et al. recommend.
    """
    from scipy.special import betaln

    right, wrong = STRENGTHS[:, None] * MEANS, STRENGTHS[:, None] * (1 - MEANS)
    logs = np.repeat(-0.5 * np.log(STRENGTHS)[:, None], len(MEANS), axis=1)
    for hit, miss in zip(hits, rows - hits, strict=True):
        logs += betaln(hit + right, miss + wrong) - betaln(right, wrong)
    powers = np.exp(logs - logs.max())
    posterior: Floats = powers / powers.sum()
    return posterior


def drawn_mixtures(labels: int, count: int, seed: int) -> Floats:
    """Shares of the labels from the flat Dirichlet distribution, of shape (count, labels)."""
    shares: Floats = np.random.default_rng(seed).dirichlet(np.ones(labels), size=count)
    return shares


def moved(present: Floats, target: Floats, strength: float) -> Floats:
    """Shares on the way from the present ones to the target: there at a strength of 1."""
    shares: Floats = (1 - strength) * present + strength * target
    return shares


def kept_in(mixtures: Floats, share: float) -> OfRecalls:
    """The accuracy that is reached in `share` of the mixtures, which are of shape (mixtures, labels)."""

    def of(recalls: Floats) -> Floats:
        reached: Floats = np.quantile(recalls @ mixtures.T, 1 - share, axis=1)
        return reached

    return of


def worst_within(present: Floats, divergence: float) -> OfRecalls:
    """The lowest accuracy of any mixture whose Kullback-Leibler divergence from `present` is at most that, in nats."""

    def of(recalls: Floats) -> Floats:
        lowest: Floats = (worst_mixture(present, recalls, divergence) * recalls).sum(axis=1)
        return lowest

    return of


def worst_mixture(present: Floats, recalls: Floats, divergence: float) -> Floats:
    """The mixture q of lowest accuracy with KL(q, present) <= divergence, of the shape of `recalls` (…, labels).

    min_q sum_y q_y recall_y over that ball is reached by q_y proportional to present_y exp(-t recall_y), with t >= 0
    such that the divergence is the whole budget, or where that is beyond reach by the worst labels alone (Hu and Hong
    2013, "Kullback-Leibler divergence constrained distributionally robust optimization"). One of the f-divergence balls
    of Duchi, Glynn and Namkoong (2016), "Statistics of robust optimization", and of Namkoong and Duchi (2016).
    """
    low, high = np.zeros(recalls.shape[:-1]), np.full(recalls.shape[:-1], np.log(STEEPEST))
    for _ in range(STEPS):
        middle = (low + high) / 2
        below = _divergence(_tilted(present, recalls, np.expm1(middle)), present) <= divergence
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return _tilted(present, recalls, np.expm1(low))


def effective_rows(present: Floats, mixture: Floats, rows: int) -> float:
    """Rows of equal weight that say as much as `rows` weighted from one mixture to the other (Kish 1965)."""
    return float(rows / (mixture**2 / present).sum())


def mcc_under(labels: Integers, predicted: Integers, classes: int, mixture: Floats) -> float:
    """Matthews correlation with the labels that have rows in the shares of `mixture`, in their order."""
    counts = confusion_matrix(labels, predicted, classes)
    counts = counts[counts.sum(axis=1) > 0]
    weighted = counts * (mixture / counts.sum(axis=1))[:, None]
    present = np.unique(labels)
    actual = np.zeros(classes)
    actual[present] = weighted.sum(axis=1)
    hits = np.zeros(classes)
    hits[present] = weighted[np.arange(len(present)), present]
    return float(Tally(hits, actual, weighted.sum(axis=0), np.float64(weighted.sum())).mcc())  # type: ignore[arg-type]


def _tilted(present: Floats, recalls: Floats, tilt: Floats) -> Floats:
    powers = present * np.exp(-tilt[..., None] * (recalls - recalls.min(axis=-1, keepdims=True)))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def _divergence(mixture: Floats, present: Floats) -> Floats:
    ratios = np.divide(mixture, present, out=np.ones_like(mixture), where=mixture > 0)
    nats: Floats = (mixture * np.log(ratios)).sum(axis=-1)
    return nats


def _within(value: float, low: float, high: float, least: float) -> Measurement:
    value, low, high = (float(np.clip(each, least, 1.0)) for each in (value, low, high))
    return Measurement(value=value, low=min(low, value), high=max(high, value))
