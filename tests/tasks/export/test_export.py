"""The exported model says what the trained one says, and is the same each time."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from tasks.errors import CorruptArtefact, RefitError
from tasks.export.config import ExportConfig
from tasks.export.graph import write_graph
from tasks.export.parity import check_parity, sample_texts
from tasks.export.task import export
from tasks.models.info import ModelInfo
from tasks.models.onnx_classifier import OnnxClassifier
from tasks.models.torch_classifier import TorchClassifier
from tasks.records import ModelRef
from tasks.store import fetch, fetch_whole, keep
from tests.tasks.models.tiny_model import make_base_model, make_dataset

MAX_TOKENS = 24


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random classifier, as the train stage leaves it."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    base, folder = make_base_model(tmp_path_factory.mktemp("base")), tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    AutoModelForSequenceClassification.from_pretrained(base, num_labels=3).save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)
    ModelInfo(
        labels=("card", "login", "refund"),
        temperature=2.0,
        max_tokens=MAX_TOKENS,
        base_model="tiny",
        technique="full",
        dataset_digest="d",
        seed=1,
    ).write(folder)
    return folder


@pytest.fixture(scope="session")
def exported_folder(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same classifier with its graph."""
    folder = tmp_path_factory.mktemp("exported") / "model"
    shutil.copytree(model_folder, folder)
    write_graph(TorchClassifier.load(folder).network, folder / "onnx" / "model.onnx", MAX_TOKENS)
    return folder


@pytest.fixture
def trained(model_folder: Path) -> ModelRef:
    """The classifier in the store, with the dataset that it was trained on."""
    stored = keep("models", model_folder)
    return ModelRef(uri=stored.uri, digest=stored.digest, dataset_digest=make_dataset().digest, metrics={"steps": 3.0})


def test_the_exported_model_holds_the_trained_one_and_the_graph(trained: ModelRef) -> None:
    exported = export.fn(trained, ExportConfig())  # type: ignore[attr-defined]
    before, after = fetch(trained), fetch_whole(exported)
    assert (after / "model.safetensors").read_bytes() == (before / "model.safetensors").read_bytes()
    assert exported.dataset_digest == trained.dataset_digest
    assert exported.metrics["onnx_bytes"] == (after / "onnx" / "model.onnx").stat().st_size
    assert exported.metrics["export_difference"] < 1e-4
    assert exported.metrics["steps"] == 3


def test_the_same_model_gives_the_same_bytes(trained: ModelRef) -> None:
    digests = {export.fn(trained, ExportConfig()).digest for _ in range(2)}  # type: ignore[attr-defined]
    assert len(digests) == 1


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_logits_agree_at_every_length_and_batch_size(exported_folder: Path, batch_size: int) -> None:
    texts = ["", "card", "my card is lost", "refund this payment please help me today", "log in " * 60, "日本語 ✓"]
    reference, exported = TorchClassifier.load(exported_folder), OnnxClassifier.load(exported_folder)
    expected = reference.logits(texts)
    np.testing.assert_allclose(exported.logits(texts, batch_size), expected, atol=1e-5)
    np.testing.assert_allclose(exported.probabilities(texts), reference.probabilities(texts), atol=1e-6)
    np.testing.assert_allclose(exported.probabilities(texts).sum(axis=1), 1)
    assert exported.labels == ("card", "login", "refund")
    assert exported.temperature == 2.0


def test_no_texts_give_no_logits(exported_folder: Path) -> None:
    assert OnnxClassifier.load(exported_folder).logits([]).shape == (0, 3)


def test_a_graph_that_says_something_else_is_refused(exported_folder: Path) -> None:
    model = TorchClassifier.load(exported_folder)
    with torch.no_grad():
        model.network.classifier.bias += 1
    with pytest.raises(RefitError, match=r"differs from the trained one by 1 in a logit.*allowed is 0\.001"):
        check_parity(exported_folder, ["my card"], 1e-3, model)


def test_the_graph_holds_no_path_of_this_machine_and_prints_nothing(
    model_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        write_graph(TorchClassifier.load(model_folder).network, tmp_path / "model.onnx", MAX_TOKENS)
    content = (tmp_path / "model.onnx").read_bytes()
    assert b"site-packages" not in content
    assert b"modeling_bert" not in content
    printed = capfd.readouterr()
    assert (printed.out, printed.err, caplog.text) == ("", "", "")


def test_texts_are_sampled_from_the_shortest_to_the_longest() -> None:
    texts = sample_texts(fetch(make_dataset()))
    lengths = [len(text) for text in texts]
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[-1]


def test_a_model_without_a_graph_is_not_served(model_folder: Path) -> None:
    with pytest.raises(CorruptArtefact, match="was not exported"):
        OnnxClassifier.load(model_folder)


def test_a_torn_graph_is_refused(exported_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(exported_folder, tmp_path / "torn")
    graph = tmp_path / "torn" / "onnx" / "model.onnx"
    graph.write_bytes(graph.read_bytes()[:1000])
    with pytest.raises(CorruptArtefact, match="is no ONNX model that can be run"):
        OnnxClassifier.load(tmp_path / "torn")
