"""The stage `evaluate` on a real language model of a few thousand parameters."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from infra.storage import file_sha256
from tasks.datasets.folder import empty_rows, keep_dataset
from tasks.errors import UserInputError
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.task import _says, evaluate
from tasks.models.language_model import LanguageModel
from tasks.records import DatasetRef, ModelRef, Report, TaskKind
from tasks.store import fetch_whole, keep
from tests.stored_model import stored_model
from tests.tasks.models.known_speaker import make_answered_rows
from tests.tasks.models.tiny_language_model import make_language_model
from tests.tasks.models.tiny_model import make_dataset

CONFIG = EvaluationConfig(bootstrap_samples=100, generated_rows=6, max_answer_tokens=6, timed_answers=3)
run = evaluate.fn  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_language_model(tmp_path_factory.mktemp("model"), "preference")


@pytest.fixture
def model(model_folder: Path) -> ModelRef:
    stored = keep("models", model_folder)
    return ModelRef(uri=stored.uri, digest=stored.digest, dataset_digest="d")


def dataset_of(task: TaskKind = "preference", rows: int = 24) -> DatasetRef:
    frame = make_answered_rows(rows, pairs=task == "preference").assign(source="test", row=range(1, rows + 1))
    splits = {"train": frame[: rows // 2], "holdout": frame[rows // 2 :]}
    return keep_dataset(splits, empty_rows(), rows_in=rows, merged=0, origin={}, task=task)


def test_the_report_is_bound_to_the_model_and_to_the_holdouts_bytes(model: ModelRef) -> None:
    dataset = dataset_of()
    report: Report = run(model, dataset, CONFIG)
    assert report.model_digest == model.digest
    assert report.holdout_digest == file_sha256(fetch_whole(dataset) / "holdout.parquet")
    assert report.rows == 12
    assert {"answer_loss", "perplexity", "token_f1", "preference_accuracy", "cut_answers"} <= set(report.metrics)
    assert "token F1 " in _says(report)
    assert "preference " in _says(report)


def test_the_predictions_are_those_of_the_stored_model(model: ModelRef, model_folder: Path) -> None:
    dataset = dataset_of()
    table = pd.read_parquet(fetch_whole(run(model, dataset, CONFIG)) / "predictions.parquet")
    rows = pd.read_parquet(fetch_whole(dataset) / "holdout.parquet")
    loaded = LanguageModel.load(model_folder)
    assert list(table["id"]) == list(rows["id"])
    sums, _ = loaded.answer_log_probabilities(rows["text"].tolist(), rows["answer"].tolist())
    assert table["answer_log_probability"].to_numpy() == pytest.approx(sums)
    answered = table["generated"].notna()
    said = loaded.generate(rows.loc[answered, "text"].tolist(), max_new_tokens=6)
    assert table.loc[answered, "generated"].tolist() == [answers[0].strip() for answers in said]


def test_a_model_of_the_other_kind_is_refused_and_told_why(model: ModelRef) -> None:
    with pytest.raises(UserInputError, match="answers texts, but rows of the task classification"):
        run(model, make_dataset(), CONFIG)
    with pytest.raises(UserInputError, match=r"labels texts, but rows of the task instruction .* another `model`"):
        run(stored_model(), dataset_of("instruction"), CONFIG)
