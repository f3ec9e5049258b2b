"""The mean of scores from 0 to 1 with the interval that the section `evaluation` asks for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tasks.evaluate.config import EvaluationConfig
from tasks.metrics.mean_intervals import mean_interval
from tasks.records import Measurement


def mean_score(scores: npt.ArrayLike, evaluation: EvaluationConfig) -> Measurement:
    """Mean of `scores`, each from 0 to 1, of shape (rows,)."""
    return mean_interval(
        np.asarray(scores, dtype=np.float64),
        least=0.0,
        most=1.0,
        samples=evaluation.bootstrap_samples,
        confidence=evaluation.confidence,
        seed=evaluation.seed,
    )
