"""The drift that has happened: where rows have dates, whether the newer ones are answered as well as the older ones.

No shift is made here; labels, words and style have moved as they did. The rows differ, so nothing is paired, and the
halves are compared by the interval of two independent shares.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.evaluate.classifier.answers import Answers
from tasks.evaluate.classifier.drift.curve import Curve, scored_point
from tasks.evaluate.config import EvaluationConfig
from tasks.metrics.intervals import share_difference, share_interval

PARTS = 4
"""An even number: half of them are the newer rows."""
SMALLEST_PART = 20
"""Fewer rows say too little to be shown."""
NO_DATES = "Quality over time is not measured: too few rows have a date (data.date_column)."


def curve_over_time(
    answers: Answers, dates: pd.Series, evaluation: EvaluationConfig, confidence: float
) -> Curve | None:
    """Quality in PARTS of the rows, oldest first; `dates` of shape (rows,) are those of the answers' rows, or null.

    A part's strength is the place of its middle row, from 0 (the oldest row) to 1 (the newest). Judged is the newer
    half of the rows, and the loss is the older half's accuracy less its own, at `confidence`. Rows of one date stay
    together, and those without one are left out. None where a part would have fewer than SMALLEST_PART rows.
    """
    dated = np.flatnonzero(dates.notna())
    moments = dates.iloc[dated].astype(str).to_numpy(dtype=object)
    order = np.argsort(moments, kind="stable")
    rows, moments = dated[order], moments[order]
    parts = _parts(moments)
    if min(map(len, parts)) < SMALLEST_PART:
        return None
    points: list[dict[str, object]] = []
    for number, part in enumerate(parts):
        middle = (part[0] + part[-1]) / 2 / (len(rows) - 1)
        labels, predicted = answers.labels[rows[part]], answers.predicted[rows[part]]
        scored, _ = scored_point("over_time", middle, labels, predicted, len(answers.names), evaluation)
        dates_of_part = {"oldest": moments[part[0]], "newest": moments[part[-1]]}
        points.append({**scored, **dates_of_part, "judged": number >= PARTS // 2})
    right, border = answers.correct[rows], parts[PARTS // 2][0]
    older, newer = right[:border], right[border:]
    return Curve(
        points,
        judged=share_interval(int(newer.sum()), len(newer), evaluation.confidence),
        loss=share_difference(int(older.sum()), len(older), int(newer.sum()), len(newer), confidence),
    )


def _parts(moments: np.ndarray) -> list[np.ndarray]:
    """Places of sorted moments in PARTS of about as many each; a moment's places are all in one."""
    changes = np.append(0, np.flatnonzero(moments[1:] != moments[:-1]) + 1)
    wanted = len(moments) * np.arange(1, PARTS) / PARTS
    borders = [int(changes[np.abs(changes - place).argmin()]) for place in wanted]
    return np.split(np.arange(len(moments)), borders)
