"""Made rows: drawn from parents by a rewriting, checked against what is there, and set out as rows with provenance."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tasks.datasets.folder import COLUMNS, empty_rows, with_all_columns
from tasks.records import TaskKind
from tasks.synthesize.amounts import Counts
from tasks.synthesize.copies import Existing
from tasks.synthesize.user_words import user_words, with_user_words

PASSES = 8
"""How often the parents of a label are gone through before a maker gives up."""

Rewriting = Callable[[str, str, np.random.Generator], tuple[str, str] | None]
"""From a parent's words and label to new words and the name of the maker; None where it does not suit the row."""


@dataclass
class Made:
    """What came of one maker."""

    maker: str
    asked: int
    rows: pd.DataFrame = field(default_factory=lambda: empty_rows(COLUMNS))
    refused: Counter[str] = field(default_factory=Counter)
    """Rows that were made and not taken, by reason."""
    remarks: list[str] = field(default_factory=list)
    """Sentences for the report."""


def real_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that somebody wrote: only they are parents, so that no maker feeds on what another has made."""
    return rows[rows["made_by"].isna()]


def label_counts(rows: pd.DataFrame) -> Counts:
    """Rows by label, sorted by label; rows without one count under the empty text."""
    counts = rows["label"].fillna("").value_counts()
    return {str(label): int(counts[label]) for label in sorted(counts.index)}


def rewrite_rows(
    maker: str,
    rewriting: Rewriting,
    parents: pd.DataFrame,
    quotas: Counts,
    existing: Existing,
    *,
    task: TaskKind,
    seed: int,
) -> Made:
    """Make up to the quota of rows of each label, going through its parents evenly; what comes in is remembered."""
    made = Made(maker, asked=sum(quotas.values()))
    columns: dict[str, list[object]] = {name: [] for name in ("text", "made_by", "parent")}
    draw = np.random.default_rng(seed)
    groups = parents.groupby(parents["label"].fillna(""), sort=True).indices
    texts, answers = parents["text"].to_numpy(object), parents["answer"].to_numpy(object)
    for label, quota in quotas.items():
        order = draw.permutation(groups.get(label, np.array([], dtype=int)))
        left = quota
        for place in np.tile(order, PASSES):
            if not left:
                break
            words = user_words(texts[place], task)
            new = None if words is None else rewriting(words, label, draw)
            if new is None:
                continue
            text, answer = with_user_words(texts[place], new[0], task), _or_none(answers[place])
            reason = existing.refusal(text, answer)
            if reason is not None:
                made.refused[reason] += 1
                continue
            existing.take_in(text, answer)
            for name, value in zip(columns, (text, new[1], int(place)), strict=True):
                columns[name].append(value)
            left -= 1
    made.rows = _from_parents(parents, columns)
    if len(made.rows) < made.asked:
        made.remarks.append(
            f"{maker}: {made.asked:,} rows were asked for, but the train rows only give {len(made.rows):,}"
        )
    return made


def _from_parents(parents: pd.DataFrame, columns: dict[str, list[object]]) -> pd.DataFrame:
    """Rows like their parents, but for the text and where it comes from."""
    rows = parents.iloc[np.asarray(columns["parent"], dtype=int)].reset_index(drop=True)
    parent_ids = rows["id"].copy()
    return as_made(
        rows.assign(text=_strings(columns["text"]), made_by=_strings(columns["made_by"]), made_from=parent_ids)
    )


def as_made(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with `made_by` and `made_from` set, given ids, a source and numbers of their own."""
    numbers = rows.groupby("made_by", sort=False).cumcount() + 1
    source = "synthesize:" + rows["made_by"].astype("str")
    # A row whose origin must not be found again has no parent, and its own words are nobody's.
    ids = [
        hashlib.sha256(json.dumps([_or_none(cell) for cell in cells]).encode()).hexdigest()[:16]
        for cells in zip(rows["made_by"], rows["made_from"], rows["text"], rows["answer"], strict=True)
    ]
    return with_all_columns(rows.assign(id=_strings(ids), source=source, row=numbers.astype("int64")))


def _or_none(cell: object) -> str | None:
    return cell if isinstance(cell, str) else None


def _strings(cells: list[object] | list[str]) -> pd.Series:
    return pd.Series(cells, dtype="str")
