"""The benchmark `few-shot`: what 64 rows bring by the technique `few_shot`, beside the other techniques as they come.

Labels: eight intents of Banking77 about cards that are alike, eight rows each, and one each that steers; judged on the
official test rows of these intents, which choose nothing. Answers: the made-up support replies and the model that Refit
makes itself, 64 rows and eight that steer; judged by the perplexity of 180 others. `untrained` is the encoder as it is,
with the nearest mean of the rows' vectors.

python -m tests.benchmarks.training.few_shot [--seeds 0 1 2]
"""

from __future__ import annotations

import argparse
import io
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console

from tasks.acquire.demo.pairs import pairs_csv
from tasks.embeddings.encoder import embed
from tasks.models.language_model import LanguageModel
from tasks.train.config import TrainingConfig
from tests.benchmarks.home import home_of_its_own
from tests.benchmarks.report import Comparison, compare, write_report
from tests.benchmarks.training.classifier import DATA
from tests.benchmarks.training.trained import share_right, train_on

ALIKE = (
    "card_arrival",
    "card_delivery_estimate",
    "card_not_working",
    "card_payment_not_recognised",
    "declined_card_payment",
    "lost_or_stolen_card",
    "pending_card_payment",
    "reverted_card_payment?",
)
ROWS = 64
TECHNIQUES = ("few_shot", "lora", "full")
ENCODER, WRITER = "bundled:minilm-l6", "made:tiny-qwen3"

console = Console(highlight=False)
Scores = dict[str, list[float]]


def measure(seeds: Sequence[int]) -> list[Comparison]:
    """Comparisons of `few_shot` with each other technique and with no training: mean accuracy, and mean perplexity."""
    with home_of_its_own() as home:
        written = _scores(seeds, lambda seed: _perplexities(seed, home))
    comparisons = _comparisons("perplexity", written, less_is_better=True)
    if not DATA.is_dir():
        console.print(f"skipped: Banking77 is not in {DATA}")
        return comparisons
    with home_of_its_own() as home:
        labelled = _scores(seeds, lambda seed: _accuracies(seed, home))
    return [*_comparisons("accuracy", labelled, less_is_better=False), *comparisons]


def _scores(seeds: Sequence[int], of_seed: Callable[[int], dict[str, float]]) -> Scores:
    found: Scores = {}
    for seed in seeds:
        scores = of_seed(seed)
        console.print(f"seed {seed}: {', '.join(f'{name} {score:.4g}' for name, score in scores.items())}")
        for name, score in scores.items():
            found.setdefault(name, []).append(score)
    return found


def _accuracies(seed: int, home: Path) -> dict[str, float]:
    training, test = (pd.read_csv(DATA / f"{part}.csv", dtype="str") for part in ("train", "test"))
    training, test = (rows.rename(columns={"category": "label"}) for rows in (training, test))
    judged = test[test["label"].isin(ALIKE)]
    drawn = training[training["label"].isin(ALIKE)].groupby("label").sample(ROWS // len(ALIKE) + 1, random_state=seed)
    steering = drawn.groupby("label").sample(1, random_state=seed)
    splits = {"train": drawn.drop(steering.index), "validation": steering}
    found = {
        kind: share_right(train_on(splits, _training(kind, ENCODER, seed), home).model, judged) for kind in TECHNIQUES
    }
    return {**found, "untrained": _nearest_mean(splits["train"], judged)}


def _nearest_mean(rows: pd.DataFrame, judged: pd.DataFrame) -> float:
    learned, asked = (embed(part["text"].tolist(), ENCODER, 128) for part in (rows, judged))
    means = pd.DataFrame(learned).groupby(rows["label"].to_numpy(dtype=str)).mean()
    unit = means.to_numpy() / np.linalg.norm(means.to_numpy(), axis=1, keepdims=True)
    answers = means.index.to_numpy(dtype=str)[(asked @ unit.T).argmax(axis=1)]
    return float((answers == judged["label"].to_numpy(dtype=str)).mean())


def _perplexities(seed: int, home: Path) -> dict[str, float]:
    drawn, judged = (pd.read_csv(io.BytesIO(pairs_csv("holdout", number)), dtype="str") for number in (seed + 100, 7))
    drawn = drawn.sample(ROWS + ROWS // 8, random_state=seed)
    splits = {"train": drawn[:ROWS], "validation": drawn[ROWS:]}
    found: dict[str, float] = {}
    for kind in TECHNIQUES:
        done = train_on(splits, _training(kind, WRITER, seed), home, task="instruction")
        sums, counts = LanguageModel.load(done.model).answer_log_probabilities(
            judged["text"].tolist(), judged["answer"].tolist()
        )
        found[kind] = math.exp(-sums.sum() / counts.sum())
    return found


def _training(kind: str, base_model: str, seed: int) -> TrainingConfig:
    settings: dict[str, Any] = {"base_model": base_model, "technique": {"kind": kind}, "seed": seed}
    return TrainingConfig.model_validate(settings)


def _comparisons(unit: str, scores: Scores, *, less_is_better: bool) -> list[Comparison]:
    ours = scores["few_shot"]
    return [
        compare(
            "few-shot",
            peer,
            ours=mean(ours),
            theirs=mean(theirs),
            unit=unit,
            less_is_better=less_is_better,
            quality={"ours, each": ours, f"{peer}, each": theirs},
        )
        for peer, theirs in scores.items()
        if peer != "few_shot"
    ]


def main() -> None:
    """Measure and write `build/bench/training-few-shot.json`."""
    parser = argparse.ArgumentParser(description="What 64 rows bring.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    write_report("training-few-shot", measure(parser.parse_args().seeds))


if __name__ == "__main__":
    main()
