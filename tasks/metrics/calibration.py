"""How far a classifier's confidence can be believed: calibration error, reliability table, temperature scaling.

Sources: Guo, Pleiss, Sun and Weinberger (2017), "On calibration of modern neural networks" (ECE, temperature);
Naeini, Cooper and Hauskrecht (2015), "Obtaining well calibrated probabilities using Bayesian binning" (ECE);
Platt (1999), "Probabilistic outputs for support vector machines" (targets that are not quite 0 and 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

COLDEST, HOTTEST = 0.05, 20.0
"""Temperatures are looked for between these."""


@dataclass(frozen=True)
class ReliabilityTable:
    """Confidence against accuracy, in bins of equal width; arrays of shape (bins,). An empty bin's means are NaN."""

    edges: Floats
    """Ends of the bins, of shape (bins + 1,), from 0 to 1."""
    rows: Integers
    confidence: Floats
    """Mean confidence of the rows in the bin."""
    accuracy: Floats
    """Share of the rows in the bin whose label was predicted."""

    @property
    def calibration_error(self) -> float:
        """The expected calibration error: the mean gap between accuracy and confidence, each bin by its rows."""
        filled = self.rows > 0
        gaps = np.abs(self.accuracy - self.confidence)[filled]
        return float((gaps * self.rows[filled]).sum() / self.rows.sum())


def softmax(logits: npt.NDArray[np.floating[Any]], temperature: float = 1.0) -> Floats:
    """Probabilities of shape (rows, labels) from logits of that shape, divided by `temperature` first."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    probabilities: Floats = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def fit_temperature(logits: npt.NDArray[np.floating[Any]], labels: npt.NDArray[np.integer[Any]]) -> float:
    """The temperature that minimises the negative log-likelihood of `labels` (rows,) under `logits` (rows, labels).

    As in Platt's scaling, a mass of 1 / (rows + 2) of each target lies on the other labels, evenly: about one row in
    all. Without it, rows that are all predicted rightly would ask for a temperature of zero, and a certainty of one.
    Raises ValueError where there are no rows, fewer than two labels, or a logit that is not finite.
    """
    from scipy.optimize import minimize_scalar

    scores = np.asarray(logits, dtype=np.float64)
    if scores.ndim != 2 or scores.shape[1] < 2 or len(scores) == 0 or len(scores) != len(labels):
        raise ValueError(
            f"logits of shape {scores.shape} and {len(labels)} labels: it takes (rows, 2 or more) and rows"
        )
    if not np.isfinite(scores).all():
        raise ValueError("a logit is not a finite number, so no temperature can be fitted")
    rows, classes = scores.shape
    scores = scores - scores.max(axis=1, keepdims=True)
    spread = 1 / (rows + 2)
    right = scores[np.arange(rows), labels]
    others = (scores.sum(axis=1) - right) / (classes - 1)
    target = ((1 - spread) * right + spread * others).mean()

    def loss(log_temperature: float) -> float:
        scale = np.exp(-log_temperature)
        return float(np.log(np.exp(scores * scale).sum(axis=1)).mean() - target * scale)

    found = minimize_scalar(loss, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def expected_calibration_error(
    probabilities: npt.NDArray[np.floating[Any]], labels: npt.NDArray[np.integer[Any]], bins: int
) -> float:
    """ECE from 0 to 1 of probabilities (rows, labels) against label indices (rows,), over bins of equal width.

    A label index that the probabilities do not have, such as -1, counts as predicted wrongly.
    """
    return reliability_table(*top_label(probabilities, labels), bins).calibration_error


def top_label(
    probabilities: npt.NDArray[np.floating[Any]], labels: npt.NDArray[np.integer[Any]]
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Confidence in the likeliest label, and whether that is the row's label; both of shape (rows,)."""
    confidence: Floats = np.asarray(probabilities.max(axis=1), dtype=np.float64)
    return confidence, probabilities.argmax(axis=1) == labels


def bin_of(confidence: Floats, bins: int) -> Integers:
    """Index of each row's bin; bin i takes in the confidences above i / bins and up to (i + 1) / bins."""
    return np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)


def reliability_table(confidence: Floats, correct: npt.NDArray[np.bool_], bins: int) -> ReliabilityTable:
    """Confidence and correctness of shape (rows,), summed up by bin."""
    index = bin_of(confidence, bins)
    rows = np.bincount(index, minlength=bins)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(index, weights=confidence, minlength=bins) / rows
        share = np.bincount(index, weights=correct, minlength=bins) / rows
    return ReliabilityTable(np.linspace(0, 1, bins + 1), rows, mean, share)
