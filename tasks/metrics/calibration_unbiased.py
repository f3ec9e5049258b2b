"""A calibration error that few rows do not make larger: bins of equal numbers of rows, and the noise taken off.

The plain expected calibration error takes the size of every bin's gap, so the noise of few rows adds up: a model that
is perfectly calibrated shows an error all the same. Of the squared gap that noise is known, the variance of a share,
and taken off it leaves an estimate that is right on average, whatever the number of rows (Bröcker 2012, "Estimating
reliability and resolution of probability forecasts"; Kumar, Liang and Ma 2019, "Verified uncertainty
calibration"). That is why it was chosen before the monotonic sweep of Roelofs et al. (2022), "Mitigating bias in
calibration error estimation", which lessens the bias and does not know its size. The figure given is the root, so that
it reads as a probability as the ECE does. A root mean square is never below a mean: a limit meant for the ECE is a
strict one here.

The interval is made as that of the plain error: see tasks/metrics/inversion.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.metrics.inversion import errors_not_rejected, largest_overall_gap
from tasks.records import Measurement

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

FEWEST_IN_BIN = 2
"""The variance of a share cannot be told from fewer rows."""


@dataclass(frozen=True)
class EqualMassTable:
    """Confidence against accuracy in bins of about equally many rows, by rising confidence; arrays of shape (bins,)."""

    rows: Integers
    confidence: Floats
    """Mean confidence of the rows in the bin."""
    right: Integers
    """Rows in the bin whose label was predicted."""

    @property
    def shares(self) -> Floats:
        """The share of all rows that is in the bin."""
        share: Floats = self.rows / self.rows.sum()
        return share

    @property
    def gaps(self) -> Floats:
        """Accuracy less mean confidence."""
        gap: Floats = self.right / self.rows - self.confidence
        return gap

    def squared_error(self, right: npt.NDArray[np.integer[Any]]) -> Floats:
        """Debiased mean squared gap where so many rows are right, (…, bins) to (…); less than 0 where noise is all."""
        accuracy = right / self.rows
        noise = accuracy * (1 - accuracy) / (self.rows - 1)
        squared: Floats = (self.shares * ((accuracy - self.confidence) ** 2 - noise)).sum(axis=-1)
        return squared


def equal_mass_table(confidence_in_label: Floats, correct: npt.NDArray[np.bool_], bins: int) -> EqualMassTable:
    """Rows with confidence and correctness of shape (rows,) in at most `bins` bins, each of FEWEST_IN_BIN rows or more.

    Rows of one confidence are never parted, whatever their order. Raises ValueError where there are fewer than
    FEWEST_IN_BIN rows.
    """
    if len(correct) < FEWEST_IN_BIN or len(correct) != len(confidence_in_label):
        raise ValueError(
            f"{len(confidence_in_label)} confidences of {len(correct)} rows: it takes one each, of {FEWEST_IN_BIN} rows"
        )
    ordered, total = np.sort(confidence_in_label), len(correct)
    ends: list[int] = []
    for number in range(1, bins):
        # The bin takes in all rows as sure as its last.
        last = ordered[max(number * total // bins - 1, 0)]
        end = int(np.searchsorted(ordered, last, side="right"))
        if end - (ends[-1] if ends else 0) >= FEWEST_IN_BIN and total - end >= FEWEST_IN_BIN:
            ends.append(end)
    index = np.searchsorted(ordered[np.array(ends, dtype=np.int64) - 1], confidence_in_label, side="left")
    rows = np.bincount(index, minlength=len(ends) + 1)
    return EqualMassTable(
        rows=rows,
        confidence=np.bincount(index, weights=confidence_in_label, minlength=len(rows)) / rows,
        right=np.bincount(index, weights=correct, minlength=len(rows)).astype(np.int64),
    )


def debiased_calibration_error(
    confidence_in_label: Floats,
    correct: npt.NDArray[np.bool_],
    bins: int,
    *,
    samples: int,
    confidence: float,
    seed: int,
) -> Measurement:
    """Root mean square calibration error, without the part that is noise, from 0 to 1; 0 where noise explains it all.

    Raises ValueError where there are fewer than FEWEST_IN_BIN rows.
    """
    table = equal_mass_table(confidence_in_label, correct, bins)
    measured = float(np.sqrt(max(float(table.squared_error(table.right)), 0.0)))
    low, high = _not_rejected(table, samples, (1 - confidence) / 2, np.random.default_rng(seed))
    overall = largest_overall_gap(confidence_in_label, correct, confidence)
    return Measurement(value=measured, low=min(low, measured), high=min(max(high, measured, overall), 1.0))


def _not_rejected(table: EqualMassTable, samples: int, tail: float, draw: np.random.Generator) -> tuple[float, float]:
    shape = (samples, len(table.rows))

    def under(factor: float) -> tuple[float, Floats]:
        accuracy = np.clip(table.confidence + factor * table.gaps, 0, 1)
        truth = float(np.sqrt((table.shares * (accuracy - table.confidence) ** 2).sum()))
        return truth, table.squared_error(draw.binomial(table.rows, accuracy, shape))

    size = float(np.sqrt((table.shares * table.gaps**2).sum()))
    if size == 0:
        return 0.0, 0.0
    _, noise = under(0)
    most = 1 + np.sqrt(max(float(noise.max()), 0.0)) / size
    return errors_not_rejected(under, float(table.squared_error(table.right)), size, most, tail)
