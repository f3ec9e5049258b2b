"""A dataset's folder: one Parquet file a split, the rows that left with their reasons, and a ledger that balances."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.records import Answers, Artefact, DatasetRef, ModelRef, TaskKind
from tasks.store import fetch, keep, workspace

COLUMNS = ("id", "text", "label", "group", "date", "source", "row", "answer", "rejected", "made_by", "made_from")
QUARANTINE_COLUMNS = (*COLUMNS, "split", "stage", "reason")
SPLITS = ("train", "validation", "holdout", "unlabelled")
TEST_SETS, STRESS = "test_sets", "stress"
RECORD = "record"


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


def read_test_sets(dataset: DatasetRef) -> dict[str, pd.Series]:
    """The texts of the public test sets by name; they are no rows of the dataset."""
    paths = sorted((fetch(dataset) / TEST_SETS).glob("*.parquet"))
    return {path.stem: pd.read_parquet(path)["text"] for path in paths}


def lineage(dataset: Artefact) -> dict[str, Any]:
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
    splits: Mapping[str, pd.DataFrame | Path],
    quarantined: pd.DataFrame,
    *,
    rows_in: int,
    merged: int,
    origin: dict[str, Any],
    report: Path | None = None,
    task: TaskKind = "classification",
    made: int = 0,
    test_sets: Mapping[str, pd.Series | Path] | None = None,
    stress: Mapping[str, pd.DataFrame] | None = None,
    weights: pd.DataFrame | None = None,
    qualities: Mapping[str, float] | None = None,
) -> DatasetRef:
    """Store a dataset and return its record.

    A split is a frame, or a finished Parquet file with COLUMNS, which is moved. `quarantined` holds all rows that left
    so far, earlier stages' included; `origin` becomes `dataset.json`; `report` is a folder of what people look at;
    `made` counts the synthetic rows among all; `test_sets` are texts by name, or Parquet files with a column `text`;
    `stress` are rows with COLUMNS by the name of a drift, kept to test with and counted nowhere;
    `weights` (`id`, `weight`) say how much training rows count, 1 where they say nothing.
    Raises RuntimeError unless rows_in + made = kept + quarantined + merged.
    """
    rows = {split: _count(content) for split, content in splits.items()}
    if rows_in + made != sum(rows.values()) + len(quarantined) + merged:
        raise RuntimeError(
            f"{rows_in} rows came in and {made} were made, but {sum(rows.values())} kept + {len(quarantined)} "
            f"quarantined + {merged} merged do not add up"
        )
    with workspace("dataset") as folder:
        for split, content in splits.items():
            _put(content if isinstance(content, Path) else with_all_columns(content), folder / f"{split}.parquet")
        for name, texts in (test_sets or {}).items():
            _put(texts if isinstance(texts, Path) else texts.to_frame("text"), folder / TEST_SETS / f"{name}.parquet")
        with_all_columns(quarantined, QUARANTINE_COLUMNS).to_parquet(folder / "quarantined.parquet", index=False)
        for name, drifted in (stress or {}).items():
            _put(with_all_columns(drifted), folder / STRESS / f"{name}.parquet")
        if weights is not None:
            weights.to_parquet(folder / "weights.parquet", index=False)
        record: dict[str, Any] = {
            "task": task,
            "rows": rows,
            "rows_in": rows_in,
            "made": made,
            "quarantined": {str(reason): int(count) for reason, count in quarantined["reason"].value_counts().items()},
            "merged": merged,
            "labels": _labels(folder / "train.parquet"),
            "qualities": dict(qualities or {}),
        }
        described = json.dumps({**origin, RECORD: record}, indent=1, sort_keys=True)
        (folder / "dataset.json").write_text(described, encoding="utf-8")
        if report is not None:
            shutil.copytree(report, folder / "report")
        stored = keep("datasets", folder)
    return DatasetRef(uri=stored.uri, digest=stored.digest, **record)


def trained_on(model: ModelRef) -> DatasetRef:
    """The dataset that a model was trained on, from the store that holds the model. Raises StorageError without it."""
    uri = f"{model.uri.rsplit('/', 2)[0]}/datasets/{model.dataset_digest}"
    found = lineage(Artefact(uri=uri, digest=model.dataset_digest))
    return DatasetRef(uri=uri, digest=model.dataset_digest, **found[RECORD])


def _count(content: pd.DataFrame | Path) -> int:
    return int(pq.read_metadata(content).num_rows) if isinstance(content, Path) else len(content)


def _put(content: pd.DataFrame | Path, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    if isinstance(content, Path):
        shutil.move(content, path)
    else:
        content.to_parquet(path, index=False)


def _labels(train: Path) -> tuple[str, ...]:
    """The labels of the train split, sorted; none where there is no such split."""
    if not train.is_file():
        return ()
    found: set[str] = set()
    with pq.ParquetFile(train) as file:
        for batch in file.iter_batches(columns=["label"]):
            found.update(label for label in pc.unique(batch.column("label")).to_pylist() if label is not None)
    return tuple(sorted(found))
