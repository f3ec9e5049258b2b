"""The rows of two reports as pairs: whether both are of the same rows, and what each said to them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.gate.limits import NAMES
from tasks.gate.policy import OF_LABELS
from tasks.gate.shifted_labels import why_labels_shifted
from tasks.records import Report

Integers = npt.NDArray[np.int64]
SCORE_OF_A_ROW = {"json_validity": "json_valid", "preference_accuracy": "preferred"}
"""The column of a metric's scores in `predictions.parquet`, where it is not the metric's name."""


def why_not_comparable(
    report: Report, champion_report: Report, ours: pd.DataFrame, theirs: pd.DataFrame, metric: str
) -> str:
    """Why the predictions of both reports cannot be compared by the metric; empty where they can."""
    truth = "label" if metric in OF_LABELS else "reference"
    different = _why_of_other_rows(report, champion_report, ours, theirs) or _why_of_other_truth(ours, theirs, truth)
    if different or truth == "label":
        return different or why_labels_shifted(theirs, report.confidence)
    return _why_not_scored(metric, ours, theirs)


def label_indices(ours: pd.DataFrame, theirs: pd.DataFrame) -> tuple[Integers, Integers, Integers, int]:
    """True label, the candidate's and the champion's answer as indices of all labels, row by row."""
    paired = ours.merge(theirs[["id", "predicted"]], on="id", suffixes=("", "_champion"), validate="one_to_one")
    columns = [paired[name].astype(str).to_numpy() for name in ("label", "predicted", "predicted_champion")]
    names, flat = np.unique(np.concatenate(columns), return_inverse=True)
    labels, candidate, champion = np.split(flat.astype(np.int64), 3)
    return labels, candidate, champion, len(names)


def scores_of_rows(metric: str, ours: pd.DataFrame, theirs: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Both models' scores by row id, in the candidate's order; null where a row was not scored."""
    column = SCORE_OF_A_ROW.get(metric, metric)
    candidate, champion = (frame.set_index("id")[column].astype("Float64") for frame in (ours, theirs))
    return candidate, champion.reindex(candidate.index)


def _why_of_other_rows(report: Report, champion_report: Report, ours: pd.DataFrame, theirs: pd.DataFrame) -> str:
    if report.holdout_digest != champion_report.holdout_digest:
        return (
            f"they were measured on different holdouts ({report.holdout_digest[:12]} and "
            f"{champion_report.holdout_digest[:12]}); evaluate both on the same dataset"
        )
    for name, frame in (("candidate", ours), ("champion", theirs)):
        if frame.empty:
            return f"the {name}'s report has no predictions"
        if frame["id"].duplicated().any():
            twice = frame.loc[frame["id"].duplicated(), "id"].iloc[0]
            return f"the {name}'s predictions name the row {twice!r} twice"
    only = set(ours["id"]) ^ set(theirs["id"])
    if only:
        return f"{len(only):,} rows were predicted by one of them only, such as {min(only)!r}; evaluate both again"
    return ""


def _why_of_other_truth(ours: pd.DataFrame, theirs: pd.DataFrame, truth: str) -> str:
    if truth not in ours.columns or truth not in theirs.columns:
        return f"one of the reports has no column {truth}: a classifier and a language model share no score"
    known = theirs.set_index("id")[truth].reindex(ours["id"]).to_numpy()
    changed = ours.loc[ours[truth].to_numpy() != known, "id"]
    if len(changed):
        what = "true label" if truth == "label" else "wanted answer"
        return f"{len(changed):,} rows have another {what} in one of the reports, such as {changed.iloc[0]!r}"
    return ""


def _why_not_scored(metric: str, ours: pd.DataFrame, theirs: pd.DataFrame) -> str:
    candidate, champion = scores_of_rows(metric, ours, theirs)
    if not (candidate.notna() == champion.notna()).all():
        return f"they were scored on different rows in {NAMES[metric]}; evaluate both with the same section evaluation"
    return "" if candidate.notna().any() else f"no row has a score in {NAMES[metric]}"
