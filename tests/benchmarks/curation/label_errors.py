"""The benchmark `label-errors`: labels of Banking77 flipped at random, and who finds them, against cleanlab.

A share of the training labels is replaced by another label, drawn evenly. The peer is cleanlab as its documentation
shows it for texts: scikit-learn's LogisticRegression cross-validated on the same embeddings, and `find_label_issues` as
it comes. Both see the same vectors. Precision and recall are those of the rows flagged; rows that Banking77 itself
labels wrongly count against both. Then a classifier learns from the noisy rows, from what each left of them, from the
rows with the flipped ones taken out, and from the clean rows, and is judged on the official test set: the probe of
tasks/embeddings, and with --fine-tune the project's own training of the encoder.

python -m tests.benchmarks.curation.label_errors [--seeds 0 1 2] [--share 0.05] [--rows 10003] [--fine-tune --epochs 4]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console

from flows.config import load_config
from tasks.curate.quality.alignment import Alignment, flag_alignment
from tasks.datasets.folder import empty_rows, keep_dataset
from tasks.embeddings.encoder import Vectors, embed
from tasks.embeddings.probe import fit_probe
from tasks.models.torch_classifier import TorchClassifier
from tasks.store import fetch
from tasks.train.plan import prepare_run
from tasks.train.process import run_training
from tests.benchmarks.home import home_of_its_own
from tests.benchmarks.report import Comparison, compare, write_report

ROOT = Path(__file__).resolve().parent.parent.parent.parent
DATA = ROOT.parent / "shared" / "data" / "banking77"
VALIDATION_SHARE = 0.05

console = Console(highlight=False)

Labels = npt.NDArray[np.object_]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """Texts with their vectors and right labels."""

    texts: list[str]
    vectors: Vectors
    labels: Labels


@dataclass(frozen=True)
class Found:
    """What one seed gave: the noisy labels, the rows that were flipped, and those that each flagged."""

    seed: int
    noisy: Labels
    flipped: Mask
    ours: Mask
    theirs: Mask
    our_seconds: float
    their_seconds: float


def measure(
    seeds: Sequence[int] = (0, 1, 2), share: float = 0.05, rows: int | None = None, epochs: float | None = None
) -> list[Comparison]:
    """Flip `share` of the labels with each seed, and compare; with `epochs` the encoder is fine-tuned too (first seed).

    `rows` takes that many training rows, drawn evenly, instead of all.
    """
    training, test = _read("train", rows), _read("test", None)
    found = [_find(training.labels, training.vectors, share, seed, ours_first=seed % 2 == 0) for seed in seeds]
    accuracy = [_accuracies(training, test, one) for one in found]
    quality: dict[str, Any] = {
        "seeds": list(seeds),
        "flipped": [int(one.flipped.sum()) for one in found],
        "ours": _figures([(one.ours, one.flipped) for one in found]),
        "theirs": _figures([(one.theirs, one.flipped) for one in found]),
        "probe accuracy": {name: [each[name] for each in accuracy] for name in accuracy[0]},
        "clean labels flagged by ours": int(_ours(training.labels, training.vectors).sum()),
        "seconds after embedding": {
            "ours": median(one.our_seconds for one in found),
            "theirs": median(one.their_seconds for one in found),
        },
    }
    if epochs is not None:
        quality[f"fine-tuned accuracy, {epochs:g} epochs, seed {seeds[0]}"] = _fine_tuned(
            training, test, found[0], epochs
        )
    ours, theirs = (median(quality[who]["f1"]) for who in ("ours", "theirs"))
    return [
        compare("label-errors", "cleanlab", ours=ours, theirs=theirs, unit="F1", quality=quality, less_is_better=False)
    ]


def _read(split: str, rows: int | None) -> Rows:
    frame = pd.read_csv(DATA / f"{split}.csv")
    if rows is not None:
        frame = frame.sample(min(rows, len(frame)), random_state=0)
    texts = list(frame["text"])
    return Rows(texts, embed(texts), frame["category"].to_numpy(dtype=object))


def _find(labels: Labels, vectors: Vectors, share: float, seed: int, ours_first: bool) -> Found:
    random = np.random.default_rng(seed)
    names, codes = np.unique(labels.astype(str), return_inverse=True)
    flipped = np.zeros(len(labels), dtype=bool)
    flipped[random.choice(len(labels), round(share * len(labels)), replace=False)] = True
    moved = (codes + np.where(flipped, random.integers(1, len(names), len(labels)), 0)) % len(names)
    noisy = names[moved].astype(object)
    flags, seconds = {}, {}
    for who in (_ours, _theirs) if ours_first else (_theirs, _ours):
        begun = time.perf_counter()
        flags[who] = who(noisy, vectors)
        seconds[who] = time.perf_counter() - begun
    return Found(seed, noisy, flipped, flags[_ours], flags[_theirs], seconds[_ours], seconds[_theirs])


def _ours(labels: Labels, vectors: Vectors) -> Mask:
    rows = pd.DataFrame({"id": [f"{number:06d}" for number in range(len(labels))], "label": labels})
    return flag_alignment(rows, vectors, Alignment()).reasons.notna().to_numpy()


def _theirs(labels: Labels, vectors: Vectors) -> Mask:
    from cleanlab.filter import find_label_issues
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    codes = np.unique(labels.astype(str), return_inverse=True)[1]
    probabilities = cross_val_predict(LogisticRegression(max_iter=400), vectors, codes, method="predict_proba")
    issues: Mask = find_label_issues(labels=codes, pred_probs=probabilities)
    return issues


def _figures(pairs: Sequence[tuple[Mask, Mask]]) -> dict[str, list[float]]:
    hits = [int((flags & flipped).sum()) for flags, flipped in pairs]
    precision = [hit / max(1, int(flags.sum())) for hit, (flags, _) in zip(hits, pairs, strict=True)]
    recall = [hit / int(flipped.sum()) for hit, (_, flipped) in zip(hits, pairs, strict=True)]
    f1 = [2 * p * r / max(1e-9, p + r) for p, r in zip(precision, recall, strict=True)]
    return {"flagged": [float(flags.sum()) for flags, _ in pairs], "precision": precision, "recall": recall, "f1": f1}


def _versions(clean: Labels, found: Found) -> dict[str, tuple[Mask, Labels]]:
    """What is learned from, by name: which rows, and the labels of all."""
    whole = np.ones(len(clean), dtype=bool)
    return {
        "noisy": (whole, found.noisy),
        "curated by ours": (~found.ours, found.noisy),
        "curated by cleanlab": (~found.theirs, found.noisy),
        "flipped taken out": (~found.flipped, found.noisy),
        "clean": (whole, clean),
    }


def _accuracies(training: Rows, test: Rows, found: Found) -> dict[str, float]:
    accuracies = {}
    for name, (kept, labels) in _versions(training.labels, found).items():
        predicted = fit_probe(training.vectors[kept], labels[kept]).predict(test.vectors)
        accuracies[name] = float((predicted == test.labels).mean())
    return accuracies


def _fine_tuned(training: Rows, test: Rows, found: Found, epochs: float) -> dict[str, float]:
    """Test accuracy of the encoder, trained by the project's own stage as deployments/banking77.yaml says."""
    config = load_config(ROOT / "deployments" / "banking77.yaml").training.model_copy(update={"epochs": epochs})
    accuracies = {}
    with home_of_its_own() as home:
        for name, (kept, labels) in _versions(training.labels, found).items():
            rows = pd.DataFrame({"text": training.texts, "label": labels, "source": "banking77"})
            rows = rows.assign(row=range(1, len(rows) + 1)).assign(id=lambda frame: frame["row"].astype(str))[kept]
            validation = rows.groupby("label").sample(frac=VALIDATION_SHARE, random_state=0)
            splits = {"train": rows.drop(validation.index), "validation": validation}
            dataset = keep_dataset(splits, empty_rows(), rows_in=len(rows), merged=0, origin={"version": name})
            run = prepare_run(home / "runs", dataset, fetch(dataset), config, code="label-errors")
            run_training(run, lambda done, total, words: None, lambda note: None)
            classifier = TorchClassifier.load(run / "model")
            predicted = np.array(classifier.labels, dtype=object)[classifier.logits(test.texts).argmax(axis=1)]
            accuracies[name] = float((predicted == test.labels).mean())
            console.print(f"fine-tuned on {name}: test accuracy {accuracies[name]:.4f}")
    return accuracies


def main() -> None:
    """Measure and write `build/bench/label-errors.json`."""
    parser = argparse.ArgumentParser(description="Flipped labels of Banking77, and who finds them.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--share", type=float, default=0.05, help="share of the labels that are flipped")
    parser.add_argument("--rows", type=int, default=None, help="training rows; all of them by default")
    parser.add_argument("--fine-tune", action="store_true", help="also fine-tune the encoder five times: minutes each")
    parser.add_argument("--epochs", type=float, default=4.0, help="epochs of the fine-tuning")
    options = parser.parse_args()
    epochs = options.epochs if options.fine_tune else None
    comparisons = measure(options.seeds, options.share, options.rows, epochs)
    write_report("label-errors", comparisons, ROOT / "build" / "bench")


if __name__ == "__main__":
    main()
