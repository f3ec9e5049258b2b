"""A dataset's folder: one Parquet file a split, the rows that left with their reasons, and a ledger that balances."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from tasks.records import Answers, DatasetRef
from tasks.store import fetch, keep, workspace

COLUMNS = ("id", "text", "label", "group", "source", "row")
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


def empty_rows(columns: tuple[str, ...] = QUARANTINE_COLUMNS) -> pd.DataFrame:
    """A frame with the given columns and no rows, typed as stored."""
    kinds = {name: "int64" if name == "row" else "str" for name in columns}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def set_aside(rows: pd.DataFrame, split: str, stage: str, reason: str | pd.Series) -> pd.DataFrame:
    """Rows on their way to the quarantine, with the reason on each."""
    return rows.assign(split=split, stage=stage, reason=reason)[list(QUARANTINE_COLUMNS)]


def keep_dataset(
    splits: dict[str, pd.DataFrame],
    quarantined: pd.DataFrame,
    *,
    rows_in: int,
    merged: int,
    origin: dict[str, Any],
    report: Path | None = None,
) -> DatasetRef:
    """Store a dataset and return its record.

    `quarantined` holds all rows that left so far, earlier stages' included; `origin` becomes `dataset.json`; `report`
    is a folder of what people look at. Raises RuntimeError unless rows_in = kept + quarantined + merged.
    """
    kept = sum(len(rows) for rows in splits.values())
    if rows_in != kept + len(quarantined) + merged:
        raise RuntimeError(
            f"{rows_in} rows came in, but {kept} kept + {len(quarantined)} quarantined + {merged} merged do not add up"
        )
    with workspace("dataset") as folder:
        for split, rows in splits.items():
            rows[list(COLUMNS)].to_parquet(folder / f"{split}.parquet", index=False)
        quarantined[list(QUARANTINE_COLUMNS)].to_parquet(folder / "quarantined.parquet", index=False)
        (folder / "dataset.json").write_text(json.dumps(origin, indent=1, sort_keys=True), encoding="utf-8")
        if report is not None:
            shutil.copytree(report, folder / "report")
        stored = keep("datasets", folder)
    labels: set[str] = set(splits["train"]["label"].dropna()) if "train" in splits else set()
    return DatasetRef(
        uri=stored.uri,
        digest=stored.digest,
        rows={split: len(rows) for split, rows in splits.items()},
        rows_in=rows_in,
        quarantined={str(reason): int(count) for reason, count in quarantined["reason"].value_counts().items()},
        merged=merged,
        labels=tuple(sorted(labels)),
    )
