"""Measures of a classifier's answers: Matthews correlation, macro F1, accuracy, and precision and recall by label.

All follow from three counts of each label: how often it was predicted rightly, was the truth, was predicted. Keeping
to those counts, with a leading axis for resamples, is what makes thousands of bootstrap resamples cheap.
Source: Gorodkin (2004), "Comparing two K-category assignments by a K-category correlation coefficient" (R_K).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

SCORES = ("mcc", "f1_macro", "accuracy")
"""The names by which `Tally.scores` gives the measures."""


@dataclass(frozen=True)
class Tally:
    """Counts, or sums of weights, by label: arrays of shape (…, labels), and `rows` of shape (…)."""

    hits: Floats
    """Rows whose label was predicted rightly."""
    actual: Floats
    """Rows that have the label."""
    predicted: Floats
    """Rows for which the label was predicted."""
    rows: Floats

    def scores(self) -> dict[str, Floats]:
        """Each of SCORES, of shape (…)."""
        return {"mcc": self.mcc(), "f1_macro": self.f1_macro(), "accuracy": self.accuracy()}

    def accuracy(self) -> Floats:
        """Share of rows predicted rightly, from 0 to 1."""
        share: Floats = self.hits.sum(axis=-1) / self.rows
        return share

    def mcc(self) -> Floats:
        """Matthews correlation coefficient for any number of labels (R_K), from -1 to 1; 0 where it has no value."""
        chance = (self.actual * self.predicted).sum(axis=-1)
        spread = (self.rows**2 - (self.actual**2).sum(axis=-1)) * (self.rows**2 - (self.predicted**2).sum(axis=-1))
        covariance = self.hits.sum(axis=-1) * self.rows - chance
        # Rounding can leave a little more or less than nothing where all rows have, or are given, one label.
        usable = spread > 1e-12 * self.rows**4
        correlation: Floats = np.where(usable, covariance / np.sqrt(np.where(usable, spread, 1)), 0.0)
        return correlation

    def f1_macro(self) -> Floats:
        """Mean F1 of the labels that occur, as truth or as answer."""
        both = self.actual + self.predicted
        occurs = both > 0
        f1 = np.divide(2 * self.hits, both, out=np.zeros_like(both), where=occurs)
        mean: Floats = f1.sum(axis=-1) / occurs.sum(axis=-1)
        return mean


@dataclass(frozen=True)
class LabelTable:
    """Precision, recall, F1 and rows of each label, of shape (labels,); NaN where a share has no denominator."""

    precision: Floats
    recall: Floats
    f1: Floats
    support: Integers


def tally(labels: Integers, predicted: Integers, classes: int) -> Tally:
    """Count label indices of shape (rows,), each from 0 to classes - 1. Raises ValueError where there are no rows."""
    if len(labels) == 0 or len(labels) != len(predicted):
        raise ValueError(f"{len(labels)} labels and {len(predicted)} predictions: as many of both, and at least one")
    count = np.bincount(labels[labels == predicted], minlength=classes)
    columns = (count, np.bincount(labels, minlength=classes), np.bincount(predicted, minlength=classes))
    hits, actual, answers = (column.astype(np.float64) for column in columns)
    return Tally(hits, actual, answers, np.float64(len(labels)))  # type: ignore[arg-type]


def classification_scores(labels: Integers, predicted: Integers, classes: int) -> dict[str, float]:
    """Each of SCORES for label indices of shape (rows,)."""
    return {name: float(value) for name, value in tally(labels, predicted, classes).scores().items()}


def confusion_matrix(labels: Integers, predicted: Integers, classes: int) -> Integers:
    """Rows by true label (first axis) and predicted label (second), of shape (classes, classes)."""
    counts = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes)


def label_table(labels: Integers, predicted: Integers, classes: int) -> LabelTable:
    """Precision, recall, F1 and support of every label."""
    counts = tally(labels, predicted, classes)
    with np.errstate(invalid="ignore"):
        return LabelTable(
            precision=counts.hits / counts.predicted,
            recall=counts.hits / counts.actual,
            f1=2 * counts.hits / (counts.actual + counts.predicted),
            support=counts.actual.astype(np.int64),
        )
