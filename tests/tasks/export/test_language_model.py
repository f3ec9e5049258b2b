"""A language model is passed on as it is, with the proof that its folder says what the trained network said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tasks.datasets.folder import empty_rows, keep_dataset
from tasks.errors import CorruptArtefact, RefitError
from tasks.export.config import ExportConfig
from tasks.export.language_model import check_language_model
from tasks.export.task import _says, export
from tasks.models.answer_probe import FILE, probe_rows, write_probe
from tasks.models.language_model import LanguageModel
from tasks.records import DatasetRef, ModelRef
from tasks.store import fetch, keep
from tests.tasks.models.known_speaker import make_answered_rows
from tests.tasks.models.tiny_language_model import make_language_model


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_language_model(tmp_path_factory.mktemp("model"))


def dataset_of(rows: int = 60) -> DatasetRef:
    frame = make_answered_rows(rows).assign(source="test", row=range(1, rows + 1))
    splits = {
        "train": frame[: rows // 3],
        "validation": frame[rows // 3 : 2 * rows // 3],
        "holdout": frame[2 * rows // 3 :],
    }
    return keep_dataset(splits, empty_rows(), rows_in=rows, merged=0, origin={}, task="instruction")


def stored(folder: Path, dataset: DatasetRef) -> ModelRef:
    kept = keep("models", folder)
    return ModelRef(uri=kept.uri, digest=kept.digest, dataset_digest=dataset.digest, metrics={"steps": 3.0})


def test_a_language_model_is_served_as_it_is_with_a_checked_figure(model_folder: Path) -> None:
    trained = stored(model_folder, dataset_of())
    exported = export.fn(trained, ExportConfig())  # type: ignore[attr-defined]
    assert (exported.uri, exported.digest) == (trained.uri, trained.digest)
    assert exported.metrics["model_bytes"] == (fetch(exported) / "model.safetensors").stat().st_size
    assert exported.metrics["export_difference"] < 1e-4
    assert exported.metrics["steps"] == 3
    assert "served as it was trained, safetensors of" in _says(exported)


def test_what_the_trained_network_said_is_what_the_folder_says(model_folder: Path, tmp_path: Path) -> None:
    import torch

    folder, dataset = tmp_path / "model", fetch(dataset_of())
    shutil.copytree(model_folder, folder)
    model = LanguageModel.load(folder)
    for parameter in model.network.parameters():
        parameter.data = parameter.data.to(torch.bfloat16)
    model.network.train()
    model.network.save_pretrained(folder)
    write_probe(folder, model, probe_rows(dataset))
    assert (model.network.dtype, model.network.training) == (torch.bfloat16, True)
    assert check_language_model(folder, dataset, ExportConfig())["export_difference"] < 1e-4


def test_weights_that_say_something_else_than_the_trained_ones_are_refused(model_folder: Path, tmp_path: Path) -> None:
    folder, dataset = tmp_path / "model", fetch(dataset_of())
    shutil.copytree(model_folder, folder)
    write_probe(folder, LanguageModel.load(folder), probe_rows(dataset))
    make_language_model(folder, seed=1)
    with pytest.raises(RefitError, match=r"as trained and as stored: they differ by .* nats a token, over 16 answers"):
        check_language_model(folder, dataset, ExportConfig())


def test_a_probe_of_other_rows_is_refused(model_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(model_folder, folder)
    (folder / FILE).write_text(json.dumps({"nats_per_token": {"another": -1.0}}))
    with pytest.raises(CorruptArtefact, match="probed on other rows"):
        check_language_model(folder, fetch(dataset_of()), ExportConfig())
    (folder / FILE).write_text("[]")
    with pytest.raises(CorruptArtefact, match=r"answers\.json is not valid"):
        check_language_model(folder, fetch(dataset_of()), ExportConfig())


def test_rows_are_sampled_from_the_shortest_to_the_longest() -> None:
    rows = probe_rows(fetch(dataset_of(150)))
    assert len(rows) == 16
    assert rows["text"].str.len().is_monotonic_increasing


def test_no_answered_row_is_no_proof(model_folder: Path) -> None:
    frame = make_answered_rows(4).assign(source="test", row=range(1, 5), answer=None)
    dataset = keep_dataset({"train": frame}, empty_rows(), rows_in=4, merged=0, origin={}, task="chat")
    with pytest.raises(RefitError, match="no answered row"):
        check_language_model(model_folder, fetch(dataset), ExportConfig())
