"""Stages that hand over real stored records in no time, for flows that are tracked."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from tasks.datasets.folder import empty_rows, keep_dataset
from tasks.errors import DataRejected
from tasks.records import DatasetRef, Measurement, ModelRef, Release, Report, SideBySide, Verdict
from tasks.release.config import ReleaseConfig
from tasks.release.decide import champion_of, let_in
from tasks.release.follow import try_to_follow
from tasks.section import Section
from tasks.stage import stage
from tasks.store import keep, workspace
from tests.stored_model import stored_model, stored_verdict

MODEL = "intents"


class Config(Section):
    """A config with a section."""

    model: str = MODEL
    release: ReleaseConfig = ReleaseConfig()


CONFIG = Config()


def make_dataset(report: str, seed: int = 0) -> DatasetRef:
    """A dataset of two splits, with a report folder that says `report`."""
    rows = pd.DataFrame({"id": ["a", "b"], "text": ["card", "money"], "label": ["card", "refund"]})
    rows = rows.assign(group=None, source="test", row=[1, 2 + seed])
    with workspace("report") as folder:
        (folder / "index.html").write_text(report)
        splits = {"train": rows[:1], "holdout": rows[1:]}
        return keep_dataset(
            splits,
            empty_rows(),
            rows_in=2,
            merged=0,
            origin={
                "sources": [
                    {"split": "train", "kind": "demo", "name": "demo.csv", "rows": 2, "bytes": 9, "sha256": "0" * 64}
                ]
            },
            report=folder,
        )


def make_report(model: ModelRef) -> Report:
    """A report about `model`, with a plot."""
    with workspace("report") as folder:
        (folder / "report").mkdir()
        (folder / "report/confusion.txt").write_text(model.digest)
        stored = keep("reports", folder)
    metrics = {"mcc": Measurement(value=0.9, low=0.8, high=0.95), "accuracy.terse": Measurement(value=0.7)}
    return Report(
        uri=stored.uri,
        digest=stored.digest,
        model_digest=model.digest,
        holdout_digest="h",
        rows=1,
        confidence=0.9,
        metrics=metrics,
    )


@stage()
def acquire() -> DatasetRef:
    """Rows as they came in."""
    return make_dataset("raw")


@stage()
def validate(raw: DatasetRef, good: bool = True) -> DatasetRef:
    """The same rows, or their rejection."""
    checked = make_dataset("data docs")
    if not good:
        raise DataRejected("too few rows of card: 1 of 5", checked.uri)
    return checked


@stage()
def curate(checked: DatasetRef) -> DatasetRef:
    """Rows for training."""
    return make_dataset("curation", seed=1)


@stage()
def train(dataset: DatasetRef, seed: int) -> ModelRef:
    """A model with curves."""
    return stored_model(seed)


@stage()
def export(trained: ModelRef) -> ModelRef:
    """The same model as it is served."""
    return trained


@stage()
def evaluate(model: ModelRef) -> Report:
    """A report."""
    return make_report(model)


@stage()
def side_by_side(report: Report) -> SideBySide:
    """What predictions cost."""
    with workspace("side-by-side") as folder:
        (folder / "report").mkdir()
        (folder / "report/energy.txt").write_text("joules")
        stored = keep("side-by-side", folder)
    metrics = {"joules_per_1000": Measurement(value=36.0, low=35.0, high=37.0)}
    return SideBySide(
        uri=stored.uri,
        digest=stored.digest,
        candidate_digest=report.model_digest,
        champion_digest=None,
        metrics=metrics,
    )


@stage()
def champion_model(model: str) -> ModelRef | None:
    """The champion."""
    return champion_of(model)


@stage()
def gate(report: Report, champion: ModelRef | None, passed: bool) -> Verdict:
    """A verdict of one gate."""
    model = ModelRef(uri="u", digest=report.model_digest, dataset_digest="d")
    return stored_verdict(model, champion, "pass" if passed else "fail")


@stage()
def release(candidate: ModelRef, verdict: Verdict) -> Release:
    """An entry of the real release log, which MLflow follows."""
    entry = let_in(MODEL, candidate, verdict, "me", "a test")
    if warning := try_to_follow(MODEL, "champion"):
        raise RuntimeError(warning)
    return entry


def empty_database(home: Path) -> None:
    """Take the database away while a run goes on."""
    (home / "mlflow.db").unlink()
    (home / "mlflow.db").mkdir()
    shutil.rmtree(home / "mlartifacts", ignore_errors=True)
