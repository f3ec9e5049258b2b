"""The benchmark `recipe`: what the choices behind deployments/banking77.yaml bring, on rows that are not the test set.

A tenth of Banking77's training rows, drawn by the seed, is held back and judges each way of training; the test set is
not read. `first token` takes from the encoder's folder the word that its text vector is the mean of its tokens', so
that the head of the architecture reads the first token and starts at random.

python -m tests.benchmarks.training.recipe [--seeds 0 1 2] [--epochs 2] [--changes first-token no-smoothing]
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import pandas as pd
from rich.console import Console

from flows.config import load_config
from tasks.models.bundled import resolve_base_model
from tasks.models.classifier_network import POOLING
from tasks.train.config import TrainingConfig
from tests.benchmarks.home import home_of_its_own
from tests.benchmarks.report import Comparison, compare, write_report
from tests.benchmarks.training.classifier import DATA, ROOT
from tests.benchmarks.training.trained import share_right, train_on

CHANGES = ("first-token", "no-smoothing")
HELD_BACK = 0.1

console = Console(highlight=False)


def measure(seeds: Sequence[int], epochs: float, changes: Sequence[str] = CHANGES) -> list[Comparison]:
    """A comparison of the recipe with each change: the mean share of right answers over the seeds, and each one's."""
    if not DATA.is_dir():
        console.print(f"skipped: Banking77 is not in {DATA}")
        return []
    right: dict[str, list[float]] = {name: [] for name in ("as configured", *changes)}
    for seed in seeds:
        for name, shares in right.items():
            shares.append(_right_answers(name, seed, epochs))
            console.print(f"{name}, seed {seed}: {shares[-1]:.4f}")
    ours = right.pop("as configured")
    return [
        compare(
            "recipe",
            change,
            ours=mean(ours),
            theirs=mean(theirs),
            unit="accuracy",
            less_is_better=False,
            quality={"seeds": list(seeds), "ours, each": ours, f"{change}, each": theirs},
        )
        for change, theirs in right.items()
    ]


def _right_answers(change: str, seed: int, epochs: float) -> float:
    rows = pd.read_csv(DATA / "train.csv", dtype="str").rename(columns={"category": "label"})
    judged = rows.groupby("label").sample(frac=HELD_BACK, random_state=seed)
    splits = {"train": rows.drop(judged.index), "validation": judged}
    with home_of_its_own() as home:
        done = train_on(splits, _training(change, seed, epochs, home), home)
        return share_right(done.model, judged)


def _training(change: str, seed: int, epochs: float, home: Path) -> TrainingConfig:
    changed: dict[str, Any] = {"seed": seed, "epochs": epochs}
    written = load_config(ROOT / "deployments" / "banking77.yaml").training
    if change == "no-smoothing":
        changed["label_smoothing"] = 0.0
    if change == "first-token":
        folder = home / "first-token"
        shutil.copytree(resolve_base_model(written.base_model), folder)
        (folder / POOLING).unlink()
        changed["base_model"] = str(folder)
    return TrainingConfig.model_validate({**written.model_dump(), **changed})


def main() -> None:
    """Measure and write `build/bench/training-recipe.json`."""
    parser = argparse.ArgumentParser(description="What the choices behind Banking77's recipe bring.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--changes", nargs="+", choices=CHANGES, default=CHANGES)
    options = parser.parse_args()
    write_report("training-recipe", measure(options.seeds, options.epochs, options.changes))


if __name__ == "__main__":
    main()
