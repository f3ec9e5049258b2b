"""The stage `export`: a trained model in, the form in which it is served out, with the proof that it says the same."""

from __future__ import annotations

from infra.settings import settings
from tasks.export.config import ExportConfig
from tasks.models.info import ModelInfo
from tasks.records import Artefact, ModelRef
from tasks.stage import stage
from tasks.store import fetch, fetch_whole


def _says(model: ModelRef) -> str:
    difference = model.metrics["export_difference"]
    if "onnx_bytes" not in model.metrics:
        megabytes = model.metrics["model_bytes"] / 1e6
        return (
            f"served as it was trained, safetensors of {megabytes:.0f} MB, whose answers differ by at most "
            f"{difference:.1g} nats a token, model {model.digest[:12]}"
        )
    megabytes = model.metrics["onnx_bytes"] / 1e6
    return f"ONNX of {megabytes:.0f} MB, differs by at most {difference:.1g}, model {model.digest[:12]}"


def _dataset_of(model: ModelRef) -> Artefact:
    uri = f"{settings().store_url.rstrip('/')}/datasets/{model.dataset_digest}"
    return Artefact(uri=uri, digest=model.dataset_digest)


@stage(reuse=True, says=_says)
def export(trained: ModelRef, config: ExportConfig) -> ModelRef:
    """Add what serving needs: a classifier's ONNX form, to a language model nothing; and prove that it holds."""
    folder, dataset = fetch_whole(trained), fetch(_dataset_of(trained))
    if ModelInfo.read(folder).task == "classification":
        from tasks.export.classifier import export_classifier

        stored, figures = export_classifier(folder, dataset, config)
        place = {"uri": stored.uri, "digest": stored.digest}
    else:
        from tasks.export.language_model import check_language_model

        place, figures = {}, check_language_model(folder, dataset, config)
    return trained.model_copy(update={**place, "metrics": {**trained.metrics, **figures}})
