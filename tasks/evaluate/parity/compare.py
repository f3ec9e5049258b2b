"""Two forms of one model, compared by their answers to the same rows: over all, and label by label.

A form that was merged, rounded or exported wrongly may be near in almost every logit and yet have lost a label, so that
labels are looked at one by one. Which of two answers is right does not matter here, only whether they are the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.evaluate.classifier.answers import Answers
from tasks.evaluate.config import EvaluationConfig
from tasks.metrics.calibration import Integers
from tasks.metrics.intervals import paired_difference, share_interval
from tasks.records import Measurement

Numbers = npt.NDArray[np.floating[Any]]

FEWEST_ROWS = 3
"""A label that is given to fewer rows than this may be missed by chance, and counts as no loss."""
STILL_GIVEN = 0.5
"""Share of a label's rows that a form must still give it, not to have lost it."""


def figures(
    reference: Answers, form: Answers, logits: tuple[Numbers, Numbers] | None, evaluation: EvaluationConfig
) -> dict[str, Measurement]:
    """How a form's answers differ from the reference's.

    `parity_agreement` is the share of rows that get the same label, `parity_labels_lost` see `labels_lost`,
    `parity_accuracy_lost` the reference's accuracy less the form's. The largest differences of a row's confidence and,
    where both forms give `logits` of shape (rows, labels), of a logit, are no samples and so their own intervals.
    """
    same = int((reference.predicted == form.predicted).sum())
    found = {
        "parity_agreement": share_interval(same, len(reference.labels), evaluation.confidence),
        "parity_labels_lost": labels_lost(reference.predicted, form.predicted, evaluation.confidence),
        "parity_accuracy_lost": paired_difference(
            reference.labels,
            reference.predicted,
            form.predicted,
            len(reference.names),
            metric="accuracy",
            samples=evaluation.bootstrap_samples,
            confidence=evaluation.confidence,
            seed=evaluation.seed,
        ),
        "parity_largest_confidence_difference": _largest(reference.confidence, form.confidence),
    }
    if logits is not None:
        found["parity_largest_logit_difference"] = _largest(*logits)
    return found


def labels_lost(reference: Integers, form: Integers, confidence: float) -> Measurement:
    """Labels that the reference gives to FEWEST_ROWS rows or more, and the form to none of those; indices (rows,).

    The low end counts those that are surely lost: were a form still to give a label to half of its rows, it would miss
    all n of them with a chance of 0.5 to the n, which must not exceed the interval's tail over the number of labels
    (Bonferroni). No label beyond those counted was missed altogether, so the value is its own high end.
    """
    given, rows = np.unique(reference, return_counts=True)
    kept = np.array([int((form[reference == label] == label).sum()) for label in given])
    lost = (kept == 0) & (rows >= FEWEST_ROWS)
    tail = (1 - confidence) / 2 / len(given)
    sure = lost & ((1 - STILL_GIVEN) ** rows <= tail)
    count = float(lost.sum())
    return Measurement(value=count, low=float(sure.sum()), high=count)


def by_label(reference: Answers, form: Answers, name: str) -> pd.DataFrame:
    """A row a label that either form gives or rows have.

    `given` rows to which the reference gives the label, of them `kept` by the form; and of the `rows` that truly have
    the label, both forms' recall, and how many are right in the reference alone (`lost`).
    """
    rows = []
    for index, label in enumerate(reference.names):
        given, own = reference.predicted == index, reference.labels == index
        if not (given.any() or own.any() or (form.predicted == index).any()):
            continue
        rows.append(
            {
                "form": name,
                "label": label,
                "given": int(given.sum()),
                "kept": int((given & (form.predicted == index)).sum()),
                "rows": int(own.sum()),
                "lost": int((own & reference.correct & ~form.correct).sum()),
                "recall_reference": float(reference.correct[own].mean()) if own.any() else np.nan,
                "recall_form": float(form.correct[own].mean()) if own.any() else np.nan,
            }
        )
    table = pd.DataFrame(rows)
    return table.assign(missed=table["given"] - table["kept"]).sort_values(
        ["missed", "label"], ascending=[False, True], ignore_index=True
    )


def _largest(one: Numbers, other: Numbers) -> Measurement:
    difference = float(np.abs(one - other).max())
    return Measurement(value=difference, low=difference, high=difference)
