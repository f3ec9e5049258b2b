"""The stage `export`: a trained model in, the same model with its ONNX form out, proven to say the same."""

from __future__ import annotations

import shutil

from infra.settings import settings
from infra.storage import MANIFEST
from tasks.export.config import ExportConfig
from tasks.models.onnx_classifier import ONNX_FILE
from tasks.records import Artefact, ModelRef
from tasks.stage import stage
from tasks.store import fetch, fetch_whole, keep, workspace


def _says(model: ModelRef) -> str:
    megabytes, difference = model.metrics["onnx_bytes"] / 1e6, model.metrics["export_difference"]
    return f"ONNX of {megabytes:.0f} MB, differs by at most {difference:.1g}, model {model.digest[:12]}"


def _dataset_of(model: ModelRef) -> Artefact:
    uri = f"{settings().store_url.rstrip('/')}/datasets/{model.dataset_digest}"
    return Artefact(uri=uri, digest=model.dataset_digest)


@stage(reuse=True, says=_says)
def export(trained: ModelRef, config: ExportConfig) -> ModelRef:
    """Add the ONNX form to a trained model, and compare the two on texts of its validation split."""
    from tasks.export.graph import write_graph
    from tasks.export.parity import check_parity, sample_texts
    from tasks.models.torch_classifier import TorchClassifier

    texts = sample_texts(fetch(_dataset_of(trained)))
    with workspace("export") as folder:
        shutil.copytree(fetch_whole(trained), folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(MANIFEST))
        model = TorchClassifier.load(folder)
        size = write_graph(model.network, folder / ONNX_FILE, model.tokenizer.max_tokens)
        difference = check_parity(folder, texts, config.max_difference, model)
        stored = keep("models", folder)
    metrics = {**trained.metrics, "onnx_bytes": float(size), "export_difference": difference}
    return trained.model_copy(update={"uri": stored.uri, "digest": stored.digest, "metrics": metrics})
