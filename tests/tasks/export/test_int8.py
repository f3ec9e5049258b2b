"""A graph in 8 bits is smaller, says nearly the same, is the same each time, and says in `refit.json` what it is."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest

from tasks.errors import UserInputError
from tasks.export.config import ExportConfig
from tasks.export.int8 import round_to_int8
from tasks.export.language_model import check_language_model
from tasks.export.task import export
from tasks.models.info import ModelInfo
from tasks.models.onnx_classifier import ONNX_FILE, OnnxClassifier
from tasks.records import ModelRef
from tasks.store import fetch_whole
from tests.tasks.export.test_export import exported_folder, model_folder, trained

__all__ = ["exported_folder", "model_folder", "trained"]
TEXTS = ["my card is lost", "refund this payment please help me", "log in does not work", "card"]


def test_the_export_is_served_in_8_bits_where_the_config_says_so(trained: ModelRef, exported_folder: Path) -> None:
    exported = export.fn(trained, ExportConfig(precision="int8"))  # type: ignore[attr-defined]
    folder = fetch_whole(exported)
    assert ModelInfo.read(folder).precision == "int8"
    assert ModelInfo.read(exported_folder).precision == "float32"
    size = (folder / ONNX_FILE).stat().st_size
    assert exported.metrics["onnx_bytes"] == size < 0.9 * (exported_folder / ONNX_FILE).stat().st_size
    assert exported.metrics["export_difference"] < 1e-4, "that of the graph before it is rounded"
    rounded, whole = (OnnxClassifier.load(place).logits(TEXTS) for place in (folder, exported_folder))
    assert 0 < np.abs(rounded - whole).max() < 0.05


def test_the_same_graph_gives_the_same_bytes_and_prints_nothing(
    exported_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    written = []
    with caplog.at_level(logging.INFO):
        for number in range(2):
            path = tmp_path / str(number) / ONNX_FILE
            path.parent.mkdir(parents=True)
            shutil.copy(exported_folder / ONNX_FILE, path)
            assert round_to_int8(path) == path.stat().st_size
            written.append(path.read_bytes())
    assert written[0] == written[1]
    printed = capfd.readouterr()
    assert (printed.out, printed.err, caplog.text) == ("", "", "")


def test_a_language_model_has_no_graph_to_round(tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match=r"export\.precision is int8, which is for a classifier's graph"):
        check_language_model(tmp_path, tmp_path, ExportConfig(precision="int8"))
