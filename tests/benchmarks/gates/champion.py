"""Banking77's champion, which the benchmarks of the gates look at: trained here through our own code, or taken over.

The settings are those of deployments/banking77.yaml. Banking77 names no groups, so the holdout's rows get one by the
length of their texts: short up to the median, else long.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from flows.config import load_config
from infra.storage import MANIFEST
from tasks.datasets.folder import empty_rows, keep_dataset
from tasks.export.classifier import export_classifier
from tasks.export.config import ExportConfig
from tasks.models.info import ModelInfo
from tasks.records import DatasetRef, ModelRef
from tasks.store import fetch, keep, workspace
from tasks.train.config import TrainingConfig
from tasks.train.plan import prepare_run
from tasks.train.process import run_training

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT.parent / "shared" / "data" / "banking77"
CONFIG = ROOT / "deployments" / "banking77.yaml"
SPLITS = ("train", "validation", "holdout")

console = Console(highlight=False)


@dataclass(frozen=True)
class Champion:
    """A trained and exported classifier, and the rows that it learned from and is held to."""

    model: ModelRef
    dataset: DatasetRef

    @property
    def folder(self) -> Path:
        """The model's folder."""
        return fetch(self.model)


def banking77_champion(home: Path | None = None, **changed: Any) -> Champion:
    """The champion of the release log in the Refit home `home`, copied into this run's store; without one, a new one.

    `changed` are fields of the section `training` that differ from the deployment's. Raises FileNotFoundError where the
    data or the release log is not there.
    """
    if home is not None:
        return _taken_over(home)
    if not DATA.is_dir():
        raise FileNotFoundError(f"Banking77 is not in {DATA}")
    rows = {part: pd.read_csv(DATA / f"{part}.csv", dtype="str") for part in ("train", "test")}
    written = load_config(CONFIG)
    training = TrainingConfig.model_validate({**written.training.model_dump(), **changed})
    learned, holdout = (
        _as_rows(frame.rename(columns={"category": "label"}), part).drop_duplicates("text")
        for part, frame in rows.items()
    )
    learned = learned[~learned["text"].isin(holdout["text"])]
    validation = learned.groupby("label").sample(frac=written.curation.validation_share, random_state=training.seed)
    dataset = _kept({"train": learned.drop(validation.index), "validation": validation, "holdout": holdout})
    return Champion(_trained(dataset, training), dataset)


def _trained(dataset: DatasetRef, training: TrainingConfig) -> ModelRef:
    with workspace("benchmark") as runs:
        run = prepare_run(runs, dataset, fetch(dataset), training, code="benchmark")
        console.print(f"training a champion on {dataset.rows['train']:,} rows, {training.epochs:g} epochs …")
        run_training(run, lambda *_: None, lambda _: None)
        stored, _ = export_classifier(run / "model", fetch(dataset), ExportConfig())
    return ModelRef(uri=stored.uri, digest=stored.digest, dataset_digest=dataset.digest)


def _taken_over(home: Path) -> Champion:
    """A home's newest release of banking77, with the dataset that it was trained on."""
    log = sorted((home / "store" / "releases" / "banking77").glob("*.json"))
    if not log:
        raise FileNotFoundError(f"{home} has no release of banking77")
    digest = json.loads(log[-1].read_text(encoding="utf-8"))["model_digest"]
    with workspace("benchmark") as folder:
        source = home / "store" / "models" / digest
        shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(MANIFEST))
        info, stored = ModelInfo.read(folder), keep("models", folder)
    rows = home / "store" / "datasets" / info.dataset_digest
    dataset = _kept({split: pd.read_parquet(rows / f"{split}.parquet") for split in SPLITS})
    return Champion(ModelRef(uri=stored.uri, digest=stored.digest, dataset_digest=dataset.digest), dataset)


def _as_rows(rows: pd.DataFrame, part: str) -> pd.DataFrame:
    numbered = rows.assign(source="banking77", row=range(1, len(rows) + 1))
    return numbered.assign(id=[f"{part}-{number}" for number in numbered["row"]])


def _kept(splits: dict[str, pd.DataFrame]) -> DatasetRef:
    length = splits["holdout"]["text"].str.len()
    group = (length > length.median()).map({True: "long", False: "short"})
    splits["holdout"] = splits["holdout"].assign(group=group)
    count = sum(len(rows) for rows in splits.values())
    return keep_dataset(splits, empty_rows(), rows_in=count, merged=0, origin={"source": "banking77"})
