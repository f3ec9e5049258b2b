"""What each remedy of the training costs in clean quality: the same training once more without it, on the same rows.

Each remedy that is on is left out by itself, with the others on, and both models answer the validation rows. Those rows
have chosen the checkpoint of both, so that neither is favoured; the holdout is not looked at.
"""

from __future__ import annotations

import json
import operator
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from infra.settings import settings
from tasks.datasets.folder import read_split
from tasks.models.info import ModelInfo
from tasks.records import DatasetRef, Measurement
from tasks.store import fetch_whole
from tasks.train.config import TrainingConfig
from tasks.train.plan import prepare_run
from tasks.train.process import OnNote, OnProgress, run_training

OFF: dict[str, object] = {"adversarial": None, "group_weighting": "none"}
"""The remedies by their field of the section `training`, each with what leaves it out."""
ENERGY: dict[str, Callable[[float, float], float]] = {"energy_joules": operator.add, "energy_is_modelled": max}
"""Figures of a training that those of the others are added to, and how."""
CONFIDENCE = 0.9
SAMPLES = 2000


def remedies_of(config: TrainingConfig) -> list[str]:
    """The remedies that are on, by their fields."""
    return [name for name, off in OFF.items() if getattr(config, name) != off]


def trainings_of(config: TrainingConfig) -> Iterator[TrainingConfig]:
    """The training, and where prices are asked for, the training without each of its remedies."""
    yield config
    for name in remedies_of(config) if config.measure_price else ():
        yield config.model_copy(update={name: OFF[name], "measure_price": False})


def with_prices(
    figures: dict[str, float],
    model: Path,
    dataset: DatasetRef,
    config: TrainingConfig,
    code: str,
    on_progress: OnProgress,
    on_note: OnNote,
) -> dict[str, float]:
    """Train without each remedy, and write `report/price.md` and `.json` into the folder `model`.

    Returns the training's `figures` with `accuracy_price_of_<remedy>`, the accuracy without it less the accuracy with
    it, above 0 where it costs; the energy of these trainings is added to the training's own.
    """
    prices: dict[str, Measurement] = {}
    energy = {name: figures[name] for name in ENERGY if name in figures}
    for name, without in zip(remedies_of(config), list(trainings_of(config))[1:], strict=False):
        on_note(f"trains once more, without training.{name}, to say what it costs (training.measure_price)")
        run = prepare_run(settings().home_path / "runs", dataset, fetch_whole(dataset), without, code)
        spent = run_training(run, on_progress, on_note)
        energy = {name: more(energy[name], spent[name]) for name, more in ENERGY.items() if name in energy}
        prices[name] = accuracy_price(run / "model", model, dataset, config.seed)
        shutil.rmtree(run, ignore_errors=True)
        on_note(in_words(name, prices[name]))
    if prices:
        _write(model, prices)
    return figures | energy | {f"accuracy_price_of_{name}": price.value for name, price in prices.items()}


def accuracy_price(without: Path, with_it: Path, dataset: DatasetRef, seed: int) -> Measurement:
    """Accuracy on the validation rows of the model in `without` less that of the one in `with_it`; paired by row."""
    from tasks.metrics.intervals import paired_difference
    from tasks.models.torch_classifier import TorchClassifier

    rows = read_split(dataset, "validation")
    labels = np.array([dataset.labels.index(label) for label in rows["label"]], dtype=np.int64)
    plain, remedied = (
        TorchClassifier.load(folder).logits(rows["text"].tolist()).argmax(axis=1) for folder in (without, with_it)
    )
    return paired_difference(
        labels,
        plain,
        remedied,
        len(dataset.labels),
        metric="accuracy",
        samples=SAMPLES,
        confidence=CONFIDENCE,
        seed=seed,
    )


def in_words(remedy: str, price: Measurement) -> str:
    """A price as a sentence."""
    points, ends = 100 * abs(price.value), ", ".join(f"{100 * (end or 0.0):+.1f}" for end in (price.low, price.high))
    verb = "costs" if price.value >= 0 else "brings"
    return (
        f"training.{remedy} {verb} {points:.1f} points of accuracy on the validation rows "
        f"({CONFIDENCE:.0%} interval of the cost: {ends})"
    )


def _write(model: Path, prices: dict[str, Measurement]) -> None:
    temperature = ModelInfo.read(model).temperature
    lines = ["# What the remedies cost in clean quality", ""]
    lines += [f"- {in_words(name, price)}." for name, price in prices.items()]
    lines += [
        f"- Temperature scaling (a temperature of {temperature:.3g}) changes how sure an answer is, and not which one "
        "it is, so that it costs no accuracy.",
        "",
        "Each was measured by training once more without it, with the same seed and rows, and all else as it is.",
    ]
    report = model / "report"
    (report / "price.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    figures = {name: price.model_dump(mode="json") for name, price in prices.items()}
    (report / "price.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
