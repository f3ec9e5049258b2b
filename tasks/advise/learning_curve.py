"""What more rows would bring: a learning curve through a few subset fits of a cheap probe, and where it leads.

Every row is judged once, by probes that never saw its fold; so all sizes are judged on the same rows, and a bootstrap
over rows gives the interval of every figure. The curve is the inverse power law error(n) = a + b n^-c (Cortes et al.,
"Learning Curves: Asymptotic Values and Rate of Convergence", NIPS 1993; Hestness et al., arXiv:1712.00409).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.records import Measurement

Correct = Callable[[npt.NDArray[np.int64], npt.NDArray[np.int64]], npt.NDArray[np.bool_]]
"""From the rows to fit on and the rows to judge (indices) to whether each judged row was answered rightly."""

FOLDS = 3
SHARES = (0.08, 0.15, 0.3, 0.55, 1.0)
MULTIPLES = (1, 2, 4, 10)
RESAMPLES = 200
STEEPEST = 2.0
ASYMPTOTES = 41


@dataclass(frozen=True)
class LearningCurve:
    """Measured accuracy at some sizes, and what the fitted curve expects at others."""

    sizes: tuple[int, ...]
    """Rows that the probe was fitted on."""
    measured: tuple[Measurement, ...]
    """Accuracy at each size."""
    expected: dict[int, Measurement]
    """Accuracy at multiples of all rows: 1 is the rows there are, 2 is twice as many."""
    rows: int
    """The rows there are."""
    coefficients: tuple[float, float, float]
    """`a`, `b` and `c` of error(n) = a + b n^-c."""

    def accuracy_at(self, rows: float) -> float:
        """What the curve expects of so many rows."""
        a, b, c = self.coefficients
        return float(1 - (a + b * rows**-c))


def learning_curve(labels: npt.NDArray[np.int64], correct: Correct, seed: int = 0) -> LearningCurve:
    """The curve over rows with these labels (int [n], n >= 30): nested, stratified subsets in each of FOLDS folds.

    Raises ValueError for fewer than 30 rows.
    """
    if len(labels) < 30:
        raise ValueError(f"a learning curve needs at least 30 rows, and there are {len(labels)}")
    order, fold = _stratified(labels, np.random.default_rng(seed))
    hits = np.zeros((len(SHARES), len(labels)), dtype=bool)
    for held_out in range(FOLDS):
        judged = np.flatnonzero(fold == held_out)
        others = order[fold[order] != held_out]
        for place, share in enumerate(SHARES):
            hits[place, judged] = correct(others[: round(share * len(others))], judged)
    sizes = tuple(round(share * len(labels) * (FOLDS - 1) / FOLDS) for share in SHARES)
    return _curve(sizes, hits, np.random.default_rng(seed))


def fit_power_law(sizes: npt.ArrayLike, errors: npt.ArrayLike) -> tuple[float, float, float]:
    """`a`, `b`, `c` of error(n) = a + b n^-c by least squares, with 0 <= a, 0 <= b and 0 <= c <= STEEPEST.

    For each of a grid of asymptotes `a` below the smallest error, `b` and `c` are a line in log space; the best of
    them by squared error in plain space counts. `sizes` and `errors` are of one length, at least 2.
    """
    n, found = np.asarray(sizes, dtype=float), np.clip(np.asarray(errors, dtype=float), 1e-6, None)
    best, least = (float(found.mean()), 0.0, 0.0), float(((found - found.mean()) ** 2).sum())
    for a in np.linspace(0, 0.98 * found.min(), ASYMPTOTES):
        slope, start = np.polyfit(np.log(n), np.log(found - a), 1)
        b, c = float(np.exp(start)), float(-slope)
        if not 0 <= c <= STEEPEST:
            continue
        squares = float(((a + b * n**-c - found) ** 2).sum())
        if squares < least:
            best, least = (float(a), b, c), squares
    return best


def _curve(sizes: tuple[int, ...], hits: npt.NDArray[np.bool_], random: np.random.Generator) -> LearningCurve:
    rows = hits.shape[1]
    resampled = np.stack([hits[:, random.integers(0, rows, rows)].mean(axis=1) for _ in range(RESAMPLES)])
    low, high = np.quantile(resampled, (0.025, 0.975), axis=0)
    accuracy = hits.mean(axis=1)
    fits = np.array([fit_power_law(sizes, 1 - sample) for sample in resampled])
    coefficients = fit_power_law(sizes, 1 - accuracy)
    expected = {}
    for multiple in MULTIPLES:
        at = float(multiple * rows)
        spread = 1 - (fits[:, 0] + fits[:, 1] * at ** -fits[:, 2])
        value = 1 - (coefficients[0] + coefficients[1] * at ** -coefficients[2])
        expected[multiple] = Measurement(
            value=float(value), low=float(np.quantile(spread, 0.025)), high=float(np.quantile(spread, 0.975))
        )
    measured = tuple(
        Measurement(value=float(value), low=float(least), high=float(most))
        for value, least, most in zip(accuracy, low, high, strict=True)
    )
    return LearningCurve(sizes, measured, expected, rows, coefficients)


def _stratified(
    labels: npt.NDArray[np.int64], random: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """An order in which every beginning has the labels in about their shares, and the fold of each row."""
    place, fold = np.empty(len(labels)), np.empty(len(labels), dtype=np.int64)
    for number, label in enumerate(np.unique(labels)):
        own = random.permutation(np.flatnonzero(labels == label))
        place[own] = (np.arange(len(own)) + random.random()) / len(own)
        # Within each label, and not along the order, where labels may come round in step with the folds.
        fold[own] = (np.arange(len(own)) + number) % FOLDS
    return np.argsort(place, kind="stable").astype(np.int64), fold
