"""Alignment: rows whose label a probe that never saw them finds very unlikely, as cleanlab counts and ranks them.

How many labels are wrong is estimated from the confident joint of given and predicted labels (Northcutt, Jiang and
Chuang, 2021), and as many rows as that are looked at, those first in whose label the probe believes least. Of
cleanlab's ways to choose them this one was by far the most precise on Banking77 with 5 % of its labels flipped (0.95
of the rows; its default: 0.71). Where few labels are wrong the estimate is too high, and hard rows would fill it up;
so the prediction must be confident as well: another label has to be many times as likely.

Only classification has this quality. The likeness of prompt and answer tells swapped answers of worked sums from right
ones, but in dialogues three of four rows that it flags are in order, so no such check is made for the other task kinds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from tasks.embeddings.encoder import Vectors
from tasks.embeddings.probe import Probabilities, cross_validated_probabilities
from tasks.section import Section

LIKELY_LABEL_ERROR = "likely_label_error"

Mask = npt.NDArray[np.bool_]


class Alignment(Section):
    """Rows whose label disagrees with a confident prediction of a classifier that never saw them (cleanlab)."""

    remove: bool = True
    """Set such rows aside; false only reports them."""
    min: float | None = Field(default=None, ge=0, le=1)
    """Stop the run where a smaller share of the labels judged looks right."""
    folds: int = Field(default=5, ge=2)
    """Folds of the cross-validation; labels with fewer rows are not judged."""
    rounds: int = Field(default=2, ge=1, le=5)
    """How often rows are judged; each further round learns without the rows that the round before it flagged."""
    min_odds: float = Field(default=20.0, ge=1)
    """A row is flagged only if another label is at least this many times as likely as its own."""
    seed: int = Field(default=0, ge=0)
    """Seed of the folds."""


@dataclass(frozen=True)
class LabelErrors:
    """What was found out about the labels."""

    reasons: pd.Series
    """LIKELY_LABEL_ERROR on the rows flagged, null on the others; aligned with the rows' index."""
    evidence: pd.DataFrame
    """The rows flagged, least believed first: `id`, `label`, `suggested`, `confidence` (probability of the suggested
    label), `belief` (probability of the given one)."""
    judged: int
    """Rows that were looked at."""
    too_few: dict[str, int]
    """Labels that were not judged, with the number of their rows."""


def flag_alignment(rows: pd.DataFrame, vectors: Vectors, config: Alignment) -> LabelErrors:
    """Judge the labels of `rows` (`id`, `label`) by their texts' embeddings, shape (rows, width).

    Rows without a label, and labels with fewer rows than folds, are not judged, and fewer than two labels never are.
    """
    counts = rows["label"].value_counts().sort_index()
    few = counts[counts < config.folds]
    judged = (rows["label"].notna() & ~rows["label"].isin(few.index)).to_numpy()
    if len(counts) - len(few) < 2:
        few, judged = counts, np.zeros(len(rows), dtype=bool)
    labels = rows["label"].to_numpy(dtype=object)[judged].astype(str)
    flags, probabilities = _judge(vectors[judged], labels, config) if judged.any() else _nothing()
    flagged = np.zeros(len(rows), dtype=bool)
    flagged[judged] = flags
    return LabelErrors(
        reasons=pd.Series(None, index=rows.index, dtype="str").mask(flagged, LIKELY_LABEL_ERROR),
        evidence=_evidence(rows.loc[flagged, "id"], labels, probabilities, flags),
        judged=int(judged.sum()),
        too_few={str(label): int(count) for label, count in few.items()},
    )


def _judge(vectors: Vectors, labels: npt.NDArray[np.str_], config: Alignment) -> tuple[Mask, Probabilities]:
    """Which labels look wrong, and the probabilities that say so, in the last round."""
    learnable = np.ones(len(labels), dtype=bool)
    flags = ~learnable
    for _ in range(config.rounds):
        probabilities = cross_validated_probabilities(vectors, labels, config.folds, config.seed, learnable)
        flags = _least_believed(labels, probabilities)
        learnable = ~flags | _would_be_lost(labels, flags, config.folds)
    own = probabilities[np.arange(len(labels)), np.unique(labels, return_inverse=True)[1]]
    return flags & (probabilities.max(axis=1) >= config.min_odds * own), probabilities


def _least_believed(labels: npt.NDArray[np.str_], probabilities: Probabilities) -> Mask:
    from cleanlab.filter import find_label_issues

    flags: Mask = find_label_issues(
        np.unique(labels, return_inverse=True)[1], probabilities, filter_by="low_self_confidence", n_jobs=1
    )
    return flags


def _would_be_lost(labels: npt.NDArray[np.str_], flags: Mask, folds: int) -> Mask:
    """Rows of the labels that would have fewer rows than folds without those flagged: too few to learn from."""
    classes, codes = np.unique(labels, return_inverse=True)
    lost: Mask = (np.bincount(codes[~flags], minlength=len(classes)) < folds)[codes]
    return lost


def _evidence(ids: pd.Series, labels: npt.NDArray[np.str_], probabilities: Probabilities, flags: Mask) -> pd.DataFrame:
    classes, codes = np.unique(labels, return_inverse=True)
    likely = probabilities[flags]
    frame = pd.DataFrame(
        {
            "id": ids.to_numpy(),
            "label": labels[flags],
            "suggested": classes[likely.argmax(axis=1)] if len(likely) else labels[flags],
            "confidence": likely.max(axis=1, initial=0),
            "belief": likely[np.arange(len(likely)), codes[flags]],
        }
    )
    return frame.sort_values(["belief", "id"], ignore_index=True)


def _nothing() -> tuple[Mask, Probabilities]:
    return np.zeros(0, dtype=bool), np.zeros((0, 1), dtype=np.float32)
