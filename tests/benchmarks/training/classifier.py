"""The benchmark `classifier`: the encoder fine-tuned by Refit, against transformers' Trainer and against SetFit.

Banking77, all training rows and ten a label; every contestant in a process of its own on the same rows, judged on the
official test set, which chooses nothing. Refit gives a part of its rows up to validation; the peers learn from all.
Ours are the settings of deployments/banking77.yaml, with more epochs where rows are few. Samples a second count the
training alone; SetFit sees pairs of rows, so of it only accuracy and seconds compare. On all rows SetFit learns from
two pairs a row, near as many texts as our epochs: the quick start's forty a row take hours on two cores, and without a
limit of steps SetFit lists every pair there is, fifty million.

python -m tests.benchmarks.training.classifier [--only few all] [--peers trainer setfit] [--seeds 0 1 2 3 4]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

import pandas as pd
from rich.console import Console

from flows.config import load_config
from tasks.models.bundled import resolve_base_model
from tasks.train.config import TrainingConfig
from tests.benchmarks.home import home_of_its_own
from tests.benchmarks.report import Comparison, compare, write_report
from tests.benchmarks.training.trained import share_right, train_on

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT.parent / "shared" / "data" / "banking77"
PARTS = ("few", "all")
PEERS = ("trainer", "setfit")
ROWS_PER_LABEL = 10
FEW_ROWS = {"epochs": 30, "batch_size": 16, "early_stopping_patience": 30, "label_smoothing": 0.1}
"""What changes where rows are few: every row is seen more often, and a validation of one row a label stops nothing."""

console = Console(highlight=False)
Result = dict[str, float]


def measure(seeds: list[int], only: Sequence[str] = PARTS, peers: Sequence[str] = PEERS) -> list[Comparison]:
    """Comparisons with each peer on few rows, ten a label, and on all rows (first seed only)."""
    if not DATA.is_dir():
        console.print(f"skipped: Banking77 is not in {DATA}")
        return []
    training, test = (pd.read_csv(DATA / f"{part}.csv", dtype="str") for part in ("train", "test"))
    training, test = (rows.rename(columns={"category": "label"}) for rows in (training, test))
    comparisons: list[Comparison] = []
    if "few" in only:
        few: dict[str, list[Result]] = {name: [] for name in ("ours", *peers)}
        for seed in seeds:
            sample = training.groupby("label").sample(ROWS_PER_LABEL, random_state=seed).reset_index(drop=True)
            for name, results in few.items():
                results.append(_run(name, sample, test, seed, few_rows=True))
        comparisons += [_comparison(f"{peer}, {ROWS_PER_LABEL} rows a label", few, peer) for peer in peers]
    if "all" in only:
        everything = {name: [_run(name, training, test, seeds[0], few_rows=False)] for name in ("ours", *peers)}
        comparisons += [_comparison(f"{peer}, all rows", everything, peer) for peer in peers]
    return comparisons


def _run(name: str, training: pd.DataFrame, test: pd.DataFrame, seed: int, *, few_rows: bool) -> Result:
    with home_of_its_own() as home:
        run = _ours if name == "ours" else _peer
        result = run(name, training, test, seed, few_rows, home)
    told = ", ".join(f"{key} {value:.4g}" for key, value in result.items())
    console.print(f"{name}, {len(training):,} rows, seed {seed}: {told}")
    return result


def _ours(_: str, training: pd.DataFrame, test: pd.DataFrame, seed: int, few_rows: bool, home: Path) -> Result:
    written = load_config(ROOT / "deployments" / "banking77.yaml").training
    config = TrainingConfig.model_validate({**written.model_dump(), **(FEW_ROWS if few_rows else {}), "seed": seed})
    per_label = training.groupby("label")
    validation = per_label.sample(1, random_state=seed) if few_rows else per_label.sample(frac=0.05, random_state=seed)
    splits = {"train": training.drop(validation.index), "validation": validation}
    done = train_on(splits, config, home)
    samples = done.figures["epochs_done"] * len(splits["train"])
    return {"seconds": done.seconds, "samples": samples, "accuracy": share_right(done.model, test)}


def _peer(name: str, training: pd.DataFrame, test: pd.DataFrame, seed: int, few_rows: bool, home: Path) -> Result:
    base_model = resolve_base_model("bundled:minilm-l6")
    task: dict[str, Any] = {"base_model": base_model, "seed": seed, "folder": str(home), "few_rows": few_rows}
    with tempfile.TemporaryDirectory() as folder:
        for part, rows in (("train", training), ("test", test)):
            task[part] = str(Path(folder) / f"{part}.parquet")
            rows.to_parquet(task[part], index=False)
        path = Path(folder) / "task.json"
        path.write_text(json.dumps(task), encoding="utf-8")
        module = "tests.benchmarks.training.classifier_peers"
        command = [sys.executable, "-m", module, name, str(path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    result: Result = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def _comparison(name: str, results: dict[str, list[Result]], peer: str) -> Comparison:
    speeds = {who: median(one["samples"] / one["seconds"] for one in results[who]) for who in ("ours", peer)}
    quality: dict[str, Any] = {}
    for who in ("ours", peer):
        accuracies = [one["accuracy"] for one in results[who]]
        quality[f"{who}, accuracy"] = {"mean": mean(accuracies), "each": accuracies}
        quality[f"{who}, seconds"] = [one["seconds"] for one in results[who]]
    return compare(
        "classifier",
        name,
        ours=speeds["ours"],
        theirs=speeds[peer],
        unit="samples/s",
        less_is_better=False,
        quality=quality,
    )


def main() -> None:
    """Measure and write `build/bench/training-classifier.json`."""
    parser = argparse.ArgumentParser(description="The encoder fine-tuned by Refit, Trainer and SetFit.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="few rows a label, or all rows")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=PEERS, help="whom ours is compared with")
    options = parser.parse_args()
    write_report("training-classifier", measure(options.seeds, options.only, options.peers))


if __name__ == "__main__":
    main()
