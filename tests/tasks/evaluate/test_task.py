"""The stage `evaluate` on a real exported model of a few thousand parameters."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from infra.storage import file_sha256
from tasks.datasets.folder import empty_rows, keep_dataset
from tasks.errors import CorruptArtefact, UserInputError
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.task import _says, evaluate
from tasks.export.graph import write_graph
from tasks.models.info import ModelInfo
from tasks.models.onnx_classifier import OnnxClassifier
from tasks.models.torch_classifier import TorchClassifier
from tasks.records import DatasetRef, Measurement, ModelRef, Report
from tasks.store import fetch_whole, keep
from tests.tasks.models.tiny_model import make_base_model, make_dataset

CONFIG = EvaluationConfig(bootstrap_samples=100, latency_requests=100)
run = evaluate.fn  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def exported_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random classifier of three labels with its ONNX graph."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    base, folder = make_base_model(tmp_path_factory.mktemp("base")), tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    AutoModelForSequenceClassification.from_pretrained(base, num_labels=3).save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)
    ModelInfo(
        labels=("card", "login", "refund"),
        temperature=1.5,
        max_tokens=24,
        base_model="tiny",
        technique="full",
        dataset_digest="d",
        seed=1,
    ).write(folder)
    write_graph(TorchClassifier.load(folder).network, folder / "onnx" / "model.onnx", 24)
    return folder


@pytest.fixture
def model(exported_folder: Path) -> ModelRef:
    stored = keep("models", exported_folder)
    return ModelRef(uri=stored.uri, digest=stored.digest, dataset_digest="d")


@pytest.fixture
def dataset() -> DatasetRef:
    return make_dataset(validation=24)


def test_the_report_is_bound_to_the_model_and_to_the_holdouts_bytes(model: ModelRef, dataset: DatasetRef) -> None:
    report: Report = run(model, dataset, CONFIG)
    assert report.model_digest == model.digest
    assert report.holdout_digest == file_sha256(fetch_whole(dataset) / "holdout.parquet")
    assert report.rows == 24
    figures = json.loads((fetch_whole(report) / "report" / "metrics.json").read_text())
    assert figures["metrics"] == {name: value.model_dump() for name, value in report.metrics.items()}


def test_the_predictions_are_those_of_the_exported_model(
    model: ModelRef, dataset: DatasetRef, exported_folder: Path
) -> None:
    report = run(model, dataset, CONFIG)
    rows = pd.read_parquet(fetch_whole(dataset) / "holdout.parquet")
    table = pd.read_parquet(fetch_whole(report) / "predictions.parquet")
    probabilities = OnnxClassifier.load(exported_folder).probabilities(rows["text"].tolist())
    assert list(table["id"]) == list(rows["id"])
    assert table["confidence"].to_numpy() == pytest.approx(probabilities.max(axis=1))
    assert report.metrics["accuracy"].value == (table["label"] == table["predicted"]).mean()


def test_a_champion_of_other_labels_is_measured_too(model: ModelRef) -> None:
    report = run(model, make_dataset(("card", "login"), validation=12), CONFIG)
    assert 0 <= report.metrics["accuracy"].value < 1
    table = pd.read_csv(fetch_whole(report) / "report" / "per_class.csv")
    assert list(table["label"]) == ["card", "login", "refund"]


def test_a_dataset_without_a_holdout_is_refused(model: ModelRef) -> None:
    rows = make_dataset()
    train = pd.read_parquet(fetch_whole(rows) / "train.parquet")
    alone = keep_dataset({"train": train}, empty_rows(), rows_in=len(train), merged=0, origin={})
    with pytest.raises(UserInputError, match="no holdout rows"):
        run(model, alone, CONFIG)


def test_an_altered_model_is_not_measured(model: ModelRef, dataset: DatasetRef) -> None:
    (fetch_whole(model) / "refit.json").write_text("{}")
    with pytest.raises(CorruptArtefact, match="altered"):
        run(model, dataset, CONFIG)


def test_the_line_for_people_says_how_good_and_how_sure() -> None:
    figures = {"accuracy": (0.952, 0.931, 0.968), "mcc": (0.947, 0.9, 0.96), "ece": (0.021, 0, 0.04)}
    metrics = {name: Measurement(value=value, low=low, high=high) for name, (value, low, high) in figures.items()}
    metrics["p99_milliseconds"] = Measurement(value=9.12)
    report = Report(uri="u", digest="d", model_digest="m", holdout_digest="h", rows=10, confidence=0.9, metrics=metrics)
    assert _says(report) == "accuracy 95.2 % [93.1, 96.8], MCC 0.947, ECE 0.021, p99 9.1 ms"
