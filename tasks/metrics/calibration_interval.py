"""How sure an expected calibration error is: its interval by an inverted test, see tasks/metrics/inversion.py.

A model that is perfectly calibrated still shows an ECE of about 0.01 on 600 rows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tasks.metrics.calibration import Floats, ReliabilityTable, reliability_table
from tasks.metrics.inversion import errors_not_rejected, largest_overall_gap
from tasks.records import Measurement


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
    overall = largest_overall_gap(confidence_in_label, correct, confidence)
    return Measurement(value=measured, low=min(low, measured), high=min(max(high, measured, overall), 1.0))


def _not_rejected(table: ReliabilityTable, samples: int, tail: float, draw: np.random.Generator) -> tuple[float, float]:
    filled = table.rows > 0
    shares, stated = table.rows[filled] / table.rows.sum(), table.confidence[filled]
    gaps, measured = table.accuracy[filled] - stated, table.calibration_error
    rows = draw.multinomial(table.rows.sum(), shares, size=samples)

    def under(factor: float) -> tuple[float, Floats]:
        accuracy = np.clip(stated + factor * gaps, 0, 1)
        seen: Floats = np.abs(draw.binomial(rows, accuracy) - rows * stated).sum(axis=1) / table.rows.sum()
        return float((shares * np.abs(accuracy - stated)).sum()), seen

    if measured == 0:
        return 0.0, 0.0
    _, noise = under(0)
    return errors_not_rejected(under, measured, measured, 1 + noise.max() / measured, tail)
