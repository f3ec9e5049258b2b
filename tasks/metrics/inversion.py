"""The interval of a calibration error as the true errors that a test does not reject.

No calibration error is below zero, so noise alone makes it positive, and a resample of the rows makes it larger again:
a percentile bootstrap's interval can lie wholly above the truth. So the bootstrap is used as a test, and the interval
is what the test does not reject (Carpenter 1999, "Test inversion bootstrap confidence intervals"). The true gaps
between accuracy and confidence are taken to be the measured ones, made larger or smaller by one factor; right and wrong
answers are drawn anew from them, which for a factor of zero is the consistency resampling of Bröcker and Smith (2007),
"Increasing the reliability of reliability diagrams"; and the ends of the interval are the smallest and the largest true
error under which the measured one is not unlikely.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tasks.metrics.intervals import share_interval

Floats = npt.NDArray[np.float64]

STEPS = 150
"""True calibration errors that are tried between none and the largest conceivable."""


def errors_not_rejected(
    under: Callable[[float], tuple[float, Floats]], measured: float, full: float, most: float, tail: float
) -> tuple[float, float]:
    """The smallest and the largest true error that could well have given the statistic `measured`.

    `under` gives, for a factor on the measured gaps, the true error and the statistic in resamples, shape (samples,);
    `full` is the true error for a factor of 1, `most` the largest factor that is tried, and `tail` the probability
    below which the measured statistic is unlikely.
    """
    low, high = full, 0.0
    for factor in np.linspace(0, most, STEPS):
        truth, seen = under(factor)
        if (seen >= measured).mean() > tail:
            low = min(low, truth)
        if (seen <= measured).mean() > tail:
            high = max(high, truth)
    return low, high


def largest_overall_gap(confidence_in_label: Floats, correct: npt.NDArray[np.bool_], confidence: float) -> float:
    """The upper end for the gap between mean confidence and accuracy over all rows, which no error can be below.

    Its limits are exact: a bin without a single mistake has no noise for the resampling to find.
    """
    accuracy = share_interval(int(correct.sum()), len(correct), confidence)
    mean = float(confidence_in_label.mean())
    return max(mean - (accuracy.low or 0.0), (accuracy.high or 0.0) - mean)
