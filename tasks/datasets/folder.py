"""A dataset's folder: one Parquet file a split, the rows that left with their reasons, and a ledger that balances."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from tasks.records import Answers, DatasetRef, TaskKind
from tasks.store import fetch, keep, workspace

COLUMNS = ("id", "text", "label", "group", "source", "row", "answer", "rejected", "made_by", "made_from")
QUARANTINE_COLUMNS = (*COLUMNS, "split", "stage", "reason")
SPLITS = ("train", "validation", "holdout", "unlabelled")


def read_split(dataset: DatasetRef, split: str) -> pd.DataFrame:
    """The rows of one split with COLUMNS; no rows where the dataset has no such split."""
    path = fetch(dataset) / f"{split}.parquet"
    return pd.read_parquet(path) if path.is_file() else empty_rows(COLUMNS)


def read_quarantined(dataset: DatasetRef) -> pd.DataFrame:
    """The rows that left so far, with QUARANTINE_COLUMNS."""
    return pd.read_parquet(fetch(dataset) / "quarantined.parquet")


def read_answers(answers: Answers) -> pd.DataFrame:
    """The rows that people labelled: `id`, `text`, `label`, `annotator`."""
    return pd.read_parquet(fetch(answers) / "answers.parquet")


def lineage(dataset: DatasetRef) -> dict[str, Any]:
    """Where the dataset comes from: its sources, and what was done to it."""
    content: dict[str, Any] = json.loads((fetch(dataset) / "dataset.json").read_text(encoding="utf-8"))
    return content


def with_all_columns(rows: pd.DataFrame, columns: tuple[str, ...] = COLUMNS) -> pd.DataFrame:
    """The rows with exactly these columns, typed as stored; one that they do not have is null in every row."""
    missing = {name: pd.Series(pd.NA, index=rows.index, dtype="str") for name in columns if name not in rows.columns}
    return rows.assign(**missing)[list(columns)].astype({name: _kind(name) for name in columns})


def empty_rows(columns: tuple[str, ...] = QUARANTINE_COLUMNS) -> pd.DataFrame:
    """A frame with the given columns and no rows, typed as stored."""
    return pd.DataFrame({name: pd.Series(dtype=_kind(name)) for name in columns})


def _kind(column: str) -> str:
    return "int64" if column == "row" else "str"


def set_aside(rows: pd.DataFrame, split: str, stage: str, reason: str | pd.Series) -> pd.DataFrame:
    """Rows on their way to the quarantine, with the reason on each."""
    return with_all_columns(rows.assign(split=split, stage=stage, reason=reason), QUARANTINE_COLUMNS)


def keep_dataset(
    splits: dict[str, pd.DataFrame],
    quarantined: pd.DataFrame,
    *,
    rows_in: int,
    merged: int,
    origin: dict[str, Any],
    report: Path | None = None,
    task: TaskKind = "classification",
    made: int = 0,
) -> DatasetRef:
    """Store a dataset and return its record.

    `quarantined` holds all rows that left so far, earlier stages' included; `origin` becomes `dataset.json`; `report`
    is a folder of what people look at; `made` counts the synthetic rows among all. Raises RuntimeError unless
    rows_in + made = kept + quarantined + merged.
    """
    kept = sum(len(rows) for rows in splits.values())
    if rows_in + made != kept + len(quarantined) + merged:
        raise RuntimeError(
            f"{rows_in} rows came in and {made} were made, but {kept} kept + {len(quarantined)} quarantined + {merged} "
            "merged do not add up"
        )
    with workspace("dataset") as folder:
        for split, rows in splits.items():
            with_all_columns(rows).to_parquet(folder / f"{split}.parquet", index=False)
        with_all_columns(quarantined, QUARANTINE_COLUMNS).to_parquet(folder / "quarantined.parquet", index=False)
        content = {**origin, "task": task}
        (folder / "dataset.json").write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
        if report is not None:
            shutil.copytree(report, folder / "report")
        stored = keep("datasets", folder)
    labels: set[str] = set(splits["train"]["label"].dropna()) if "train" in splits else set()
    return DatasetRef(
        uri=stored.uri,
        digest=stored.digest,
        task=task,
        made=made,
        rows={split: len(rows) for split, rows in splits.items()},
        rows_in=rows_in,
        quarantined={str(reason): int(count) for reason, count in quarantined["reason"].value_counts().items()},
        merged=merged,
        labels=tuple(sorted(labels)),
    )
