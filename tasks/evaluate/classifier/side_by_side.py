"""Candidate and champion side by side: what a prediction of each costs, and in which slices the candidate got worse."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from tasks.datasets.folder import read_split
from tasks.evaluate.classifier.energy.config import EnergyConfig
from tasks.evaluate.classifier.energy.measure import CANDIDATE, CHAMPION, measure_energy
from tasks.evaluate.classifier.energy.plot import plot_energy
from tasks.evaluate.classifier.side_effects.compare import side_effects
from tasks.evaluate.classifier.side_effects.plot import plot_slices
from tasks.evaluate.classifier.slices_file import SLICES
from tasks.evaluate.config import EvaluationConfig
from tasks.models.onnx_classifier import OnnxClassifier
from tasks.records import DatasetRef, Measurement, ModelRef, Report
from tasks.store import fetch_whole


def write_side_by_side(
    folder: Path,
    models: tuple[ModelRef, ModelRef | None],
    reports: tuple[Report, Report | None],
    dataset: DatasetRef,
    config: EvaluationConfig,
) -> dict[str, Measurement]:
    """Fill the empty `folder` and return the figures; without a champion, the candidate's alone."""
    report = folder / "report"
    report.mkdir()
    texts = read_split(dataset, "holdout")["text"].tolist()
    metrics = _energy(models, texts, config.energy, config, report) if config.energy else {}
    if reports[1] is not None and (fetch_whole(reports[0]) / SLICES).is_file():
        metrics |= _slices(reports[0], reports[1], config, report)
    figures = {name: value.model_dump() for name, value in metrics.items()}
    (report / "side_by_side.json").write_text(json.dumps(figures, indent=1, allow_nan=False), encoding="utf-8")
    return metrics


def _energy(
    models: tuple[ModelRef, ModelRef | None],
    texts: list[str],
    part: EnergyConfig,
    config: EvaluationConfig,
    report: Path,
) -> dict[str, Measurement]:
    classifiers = {CANDIDATE: OnnxClassifier.load(fetch_whole(models[0]))}
    if models[1] is not None:
        classifiers[CHAMPION] = OnnxClassifier.load(fetch_whole(models[1]))
    found = measure_energy(classifiers, texts, part, config)
    found.table.to_csv(report / "energy.csv", index=False, float_format="%.6g")
    plot_energy(found.table, found.metrics, report / "energy.png")
    return found.metrics


def _slices(ours: Report, theirs: Report, config: EvaluationConfig, report: Path) -> dict[str, Measurement]:
    folder = fetch_whole(ours)
    found = side_effects(
        pd.read_parquet(folder / "predictions.parquet"),
        pd.read_parquet(fetch_whole(theirs) / "predictions.parquet"),
        pd.read_parquet(folder / SLICES),
        confidence=config.confidence,
        samples=config.bootstrap_samples,
        seed=config.seed,
    )
    found.table.to_csv(report / "slices.csv", index=False, float_format="%.6g")
    plot_slices(found.table, report / "slices.png")
    return found.metrics
