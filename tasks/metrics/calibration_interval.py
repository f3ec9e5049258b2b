"""How sure an expected calibration error is. It cannot be below zero, so noise alone makes it positive.

A model that is perfectly calibrated still shows an ECE of about 0.01 on 600 rows, and a resample of those rows a higher
one again, so that the percentile bootstrap's interval can lie wholly above the truth. Here the bootstrap is used as a
test instead, and the interval is what the test does not reject (Carpenter 1999, "Test inversion bootstrap confidence
intervals"). The true gaps between accuracy and confidence are taken to be the measured ones, made larger or smaller by
one factor; right and wrong answers are drawn anew from them, which for a factor of zero is the consistency resampling
of Bröcker and Smith (2007), "Increasing the reliability of reliability diagrams"; and the ends of the interval are the
smallest and the largest true ECE under which the measured one is not unlikely.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tasks.metrics.calibration import Floats, ReliabilityTable, reliability_table
from tasks.metrics.intervals import share_interval
from tasks.records import Measurement

STEPS = 150
"""True calibration errors that are tried between none and the largest conceivable."""


def calibration_error_interval(
    confidence_in_label: Floats,
    correct: npt.NDArray[np.bool_],
    bins: int,
    *,
    samples: int,
    confidence: float,
    seed: int,
) -> Measurement:
    """The ECE over bins of equal width and its interval, from confidence and correctness of shape (rows,)."""
    table = reliability_table(confidence_in_label, correct, bins)
    measured = table.calibration_error
    low, high = _not_rejected(table, samples, (1 - confidence) / 2, np.random.default_rng(seed))
    overall = _largest_overall_gap(confidence_in_label, correct, confidence)
    return Measurement(value=measured, low=min(low, measured), high=min(max(high, measured, overall), 1.0))


def _not_rejected(table: ReliabilityTable, samples: int, tail: float, draw: np.random.Generator) -> tuple[float, float]:
    """The smallest and the largest true ECE that could well have given the measured one."""
    filled = table.rows > 0
    shares, stated = table.rows[filled] / table.rows.sum(), table.confidence[filled]
    gaps, measured = table.accuracy[filled] - stated, table.calibration_error
    rows = draw.multinomial(table.rows.sum(), shares, size=samples)

    def seen_under(accuracy: Floats) -> Floats:
        right = draw.binomial(rows, accuracy)
        errors: Floats = np.abs(right - rows * stated).sum(axis=1) / table.rows.sum()
        return errors

    if measured == 0:
        return 0.0, 0.0
    noise = seen_under(stated)
    low, high = measured, 0.0
    for factor in np.linspace(0, 1 + noise.max() / measured, STEPS):
        accuracy = np.clip(stated + factor * gaps, 0, 1)
        truth, seen = float((shares * np.abs(accuracy - stated)).sum()), seen_under(accuracy)
        if (seen >= measured).mean() > tail:
            low = min(low, truth)
        if (seen <= measured).mean() > tail:
            high = max(high, truth)
    return low, high


def _largest_overall_gap(confidence_in_label: Floats, correct: npt.NDArray[np.bool_], confidence: float) -> float:
    """The upper end for the gap between mean confidence and accuracy over all rows, which the ECE cannot be below.

    Its limits are exact: a bin without a single mistake has no noise for the bootstrap to find.
    """
    accuracy = share_interval(int(correct.sum()), len(correct), confidence)
    mean = float(confidence_in_label.mean())
    return max(mean - (accuracy.low or 0.0), (accuracy.high or 0.0) - mean)
