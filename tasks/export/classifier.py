"""A classifier's served form: its ONNX graph, added to the model's folder and compared with the trained network."""

from __future__ import annotations

import shutil
from pathlib import Path

from infra.storage import MANIFEST, StoredFolder
from tasks.export.config import ExportConfig
from tasks.export.graph import write_graph
from tasks.export.int8 import round_to_int8
from tasks.export.parity import check_parity, sample_texts
from tasks.models.info import ModelInfo
from tasks.models.onnx_classifier import ONNX_FILE
from tasks.models.torch_classifier import TorchClassifier
from tasks.store import keep, workspace


def export_classifier(
    trained: Path, dataset_folder: Path, config: ExportConfig
) -> tuple[StoredFolder, dict[str, float]]:
    """Store the model with its graph; returns the stored folder, and the graph's bytes and its difference.

    The difference is that of the graph before it is rounded, where it is.

    Raises RefitError where the network cannot be exported, or its graph says something else.
    """
    texts = sample_texts(dataset_folder)
    with workspace("export") as folder:
        shutil.copytree(trained, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(MANIFEST))
        model = TorchClassifier.load(folder)
        size = write_graph(model.network, folder / ONNX_FILE, model.tokenizer.max_tokens)
        difference = check_parity(folder, texts, config.max_difference, model)
        if config.precision == "int8":
            size = round_to_int8(folder / ONNX_FILE)
            ModelInfo.read(folder).model_copy(update={"precision": config.precision}).write(folder)
        return keep("models", folder), {"onnx_bytes": float(size), "export_difference": difference}
