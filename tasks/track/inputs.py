"""Datasets as inputs of an MLflow run: what was acquired, and each split with what it was used for."""

from __future__ import annotations

from infra.mlflow import DatasetInput
from tasks.datasets.folder import COLUMNS
from tasks.records import DatasetRef

USES = {"train": "training", "validation": "validation", "holdout": "evaluation", "unlabelled": "labelling"}
TYPES = {name: "long" if name == "row" else "string" for name in COLUMNS}


def split_name(model: str, split: str) -> str:
    """The name by which MLflow knows a split of the model's data."""
    return f"{model}-{split}"


def acquired_input(model: str, dataset: DatasetRef) -> DatasetInput:
    """The rows as they came in."""
    profile = {"rows": dataset.rows_in}
    return DatasetInput(split_name(model, "acquired"), dataset.digest, dataset.uri, "acquired", TYPES, profile)


def split_inputs(model: str, dataset: DatasetRef) -> list[DatasetInput]:
    """One input for each split of the curated rows."""
    return [
        DatasetInput(
            name=split_name(model, split),
            digest=dataset.digest,
            uri=f"{dataset.uri}/{split}.parquet",
            context=USES.get(split, split),
            columns=TYPES,
            profile={"rows": rows, "labels": len(dataset.labels)},
        )
        for split, rows in dataset.rows.items()
    ]
