"""The quality `uniqueness`: rows that nearly repeat another of their label, and training rows that a test has too."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from tasks.curate.quality.contamination import contaminated
from tasks.curate.quality.near_duplicates import groups_from_signatures, near_matches
from tasks.curate.quality.semantic_duplicates import semantic_duplicate_groups
from tasks.curate.quality.signed_rows import ROW_SIGNATURE, TEXT_SIGNATURE, compared_texts, plain_texts, signatures_of
from tasks.section import Section

NEAR = "near_duplicate"
SEMANTIC = "semantic_duplicate"
Indices = NDArray[np.int64]


class Uniqueness(Section):
    """Which rows count as repeats of another, and which test sets no training row may come from."""

    remove: bool = True
    """Fold repeats into the row they repeat and set contaminated rows aside; else they are only reported."""
    min: float | None = Field(default=None, ge=0, le=1)
    """Stop the run where a smaller share of the rows is unique; null for no limit."""
    near: float | None = Field(default=0.8, ge=0.5, le=1)
    """Share of their runs of five characters (Jaccard similarity) at which two rows are near duplicates; null: off."""
    semantic: float | None = Field(default=None, ge=0.5, le=1)
    """Cosine of their embeddings at which two rows say the same, for example 0.97; null: not looked for."""
    ngram_words: int = Field(default=8, ge=2, le=50)
    """Words in a run that a training row and one of `data.public_test_sets` must share to count as overlapping."""
    min_share: float = Field(default=0.7, gt=0, le=1)
    """Share of a test row's runs from which a training row that holds them is contaminated."""


def flag_duplicates(
    rows: pd.DataFrame,
    settings: Uniqueness,
    vectors: NDArray[np.float32] | None = None,
    embedded: Indices | None = None,
) -> pd.DataFrame:
    """For each row the `reason` it repeats another (str, null where unique) and `first`, the index of that other.

    Rows of different labels never repeat one another. `vectors` (float32 [m, width], unit length) are the embeddings of
    the rows at the places `embedded` (int64 [m]; null: of all rows); without them nothing semantic is looked for.
    """
    label = pd.factorize(rows["label"])[0].astype(np.int64)
    first = np.arange(len(rows))
    if settings.near is not None:
        texts = compared_texts(rows)
        column = ROW_SIGNATURE if ROW_SIGNATURE in rows else TEXT_SIGNATURE
        first = groups_from_signatures(signatures_of(rows, column, texts), texts, settings.near, label)
    near = first != np.arange(len(rows))
    if settings.semantic is not None and vectors is not None:
        places = np.arange(len(rows)) if embedded is None else embedded
        chosen = ~near[places]
        # A row that others repeat may itself say the same as an earlier one: they all follow.
        first = _same_meaning(vectors[chosen], places[chosen], label, settings.semantic, len(rows))[first]
    reason = pd.Series(None, index=rows.index, dtype="str")
    reason[first != np.arange(len(rows))] = SEMANTIC
    reason[near] = NEAR
    return pd.DataFrame({"reason": reason, "first": rows.index.to_numpy()[first]}, index=rows.index)


def flag_near_split(rows: pd.DataFrame, others: pd.DataFrame, settings: Uniqueness, split: str) -> pd.Series:
    """`near_SPLIT` on each row that nearly repeats a text of another split, whatever the labels."""
    reason = pd.Series(None, index=rows.index, dtype="str")
    if settings.near is not None:
        texts, known = plain_texts(rows["text"]), plain_texts(others["text"])
        signed = signatures_of(rows, TEXT_SIGNATURE, texts), signatures_of(others, TEXT_SIGNATURE, known)
        reason[near_matches(texts, known, settings.near, signed) >= 0] = f"near_{split}"
    return reason


def flag_test_sets(rows: pd.DataFrame, settings: Uniqueness, test_sets: Mapping[str, pd.Series]) -> pd.Series:
    """`in_test_set:NAME` on each row that holds, in its text or its answer, a text of a named test set."""
    reason = pd.Series(None, index=rows.index, dtype="str")
    for name, known in sorted(test_sets.items()):
        for column in ("text", "answer"):
            if rows[column].notna().any():
                share = contaminated(plain_texts(rows[column]), known, settings.ngram_words)
                reason[(share >= settings.min_share) & reason.isna()] = f"in_test_set:{name}"
    return reason


def _same_meaning(
    vectors: NDArray[np.float32], places: Indices, label: Indices, similarity: float, count: int
) -> Indices:
    first = np.arange(count)
    for rows in pd.Series(np.arange(len(places))).groupby(label[places]).indices.values():
        first[places[rows]] = places[rows][semantic_duplicate_groups(vectors[rows], similarity)]
    return first
