"""A training as the flow does it, for benchmarks: rows in, a model's folder out, and how right its labels are."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tasks.datasets.folder import empty_rows, keep_dataset
from tasks.models.torch_classifier import TorchClassifier
from tasks.records import TaskKind
from tasks.store import fetch
from tasks.train.config import TrainingConfig
from tasks.train.plan import prepare_run
from tasks.train.process import run_training


@dataclass(frozen=True)
class Trained:
    """A finished training."""

    model: Path
    figures: dict[str, float]
    seconds: float
    """From the first step to the model's last measurement, without loading."""


def train_on(
    splits: dict[str, pd.DataFrame], config: TrainingConfig, home: Path, task: TaskKind = "classification"
) -> Trained:
    """Train on `splits` (`train`, `validation`), whose rows have `text` and what the task asks for."""
    rows = sum(len(split) for split in splits.values())
    numbered = {
        name: split.assign(source=name, row=range(1, len(split) + 1), id=[f"{name}-{n}" for n in range(len(split))])
        for name, split in splits.items()
    }
    dataset = keep_dataset(numbered, empty_rows(), rows_in=rows, merged=0, origin={"seed": config.seed}, task=task)
    run = prepare_run(home / "runs", dataset, fetch(dataset), config, code="benchmark")
    moments: list[float] = []
    figures = run_training(run, lambda *_: moments.append(time.perf_counter()), lambda _: None)
    return Trained(run / "model", figures, moments[-1] - moments[0])


def share_right(model: Path, rows: pd.DataFrame) -> float:
    """Share of the rows whose `label` the classifier in the folder `model` gives to their `text`."""
    classifier = TorchClassifier.load(model)
    predicted = np.array(classifier.labels, dtype=object)[classifier.logits(rows["text"].tolist()).argmax(axis=1)]
    return float((predicted == rows["label"].to_numpy()).mean())
