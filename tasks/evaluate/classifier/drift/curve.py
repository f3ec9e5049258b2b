"""What every shift comes to: a curve of quality against its strength, and the accuracy lost at the judged one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.evaluate.config import EvaluationConfig
from tasks.metrics.calibration import Integers
from tasks.metrics.intervals import score_intervals
from tasks.records import Measurement

COLUMNS = (
    "shift", "strength", "accuracy", "low", "high", "mcc", "mcc_low", "mcc_high", "rows", "effective_rows", "changed",
    "oldest", "newest", "judged",
)  # fmt: skip
"""`effective_rows` counts rows of equal weight where rows are weighted; `changed` is the share of the texts that the
shift changed; `oldest` and `newest` are the dates of rows that are parted by time; all are null elsewhere. MCC is null
where all rows have one label; weighted, it has no interval. `judged` is whether the gate looks at the point."""


@dataclass(frozen=True)
class Curve:
    """One shift: a dict with COLUMNS for each strength, the accuracy at the judged one, and what was lost by then."""

    points: list[dict[str, object]]
    judged: Measurement
    loss: Measurement


def scored_point(
    name: str, strength: float, labels: Integers, predicted: Integers, classes: int, evaluation: EvaluationConfig
) -> tuple[dict[str, object], Measurement]:
    """A point of the curve `name`, and its accuracy, from true and predicted labels, both of shape (rows,)."""
    scores = score_intervals(
        labels,
        predicted,
        classes,
        samples=evaluation.bootstrap_samples,
        confidence=evaluation.confidence,
        seed=evaluation.seed,
    )
    accuracy, mcc = scores["accuracy"], scores["mcc"]
    several = len(np.unique(labels)) > 1
    correlation = {"mcc": mcc.value, "mcc_low": mcc.low, "mcc_high": mcc.high} if several else {}
    return {**plain_point(name, strength, accuracy, len(labels)), **correlation}, accuracy


def plain_point(name: str, strength: float, accuracy: Measurement, rows: int) -> dict[str, object]:
    """A point of the curve `name` that has no correlation."""
    ends = {"accuracy": accuracy.value, "low": accuracy.low, "high": accuracy.high}
    return {"shift": name, "strength": strength, **ends, "rows": rows}
