"""Models in MLflow: logged once for each digest, registered when released, and the alias that says which one serves."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from infra.mlflow import Mlflow
from infra.mlflow_registry import find_logged_model, find_version, link_model, log_model, register
from tasks.models.info import ModelInfo
from tasks.records import Artefact, Release
from tasks.store import fetch

INPUT = {"text": "string"}


class Loading(NamedTuple):
    """How a kind of model is loaded from MLflow."""

    loader: str
    """The module that travels with the model as a file, and is not imported here."""
    needs: tuple[str, ...]
    """The packages that it takes, of the versions that the model was made with."""
    output: dict[str, str]
    """Columns of its answers, with their types."""


CLASSIFIER = Loading(
    "tasks.registry.classifier_for_mlflow",
    ("numpy", "pandas", "tokenizers"),
    {"label": "string", "confidence": "double"},
)
LANGUAGE_MODEL = Loading(
    "tasks.registry.language_model_for_mlflow", ("pandas", "torch", "transformers"), {"answer": "string"}
)


class Logged(NamedTuple):
    """A logged model, and whether it was new to MLflow."""

    model_id: str
    new: bool


def log_once(mlflow: Mlflow, model: str, artefact: Artefact, run_id: str | None = None) -> Logged:
    """Log an exported model in the experiment `model`, unless one of its digest is there; link it to the run.

    Raises MlflowFailed if MLflow cannot be used.
    """
    experiment_id = mlflow.experiment(model)
    found = find_logged_model(mlflow, experiment_id, artefact.digest)
    model_id = found or _log(mlflow, experiment_id, model, artefact, run_id)
    if run_id is not None:
        link_model(mlflow, run_id, model_id)
    return Logged(model_id, found is None)


def _log(mlflow: Mlflow, experiment_id: str, model: str, artefact: Artefact, run_id: str | None) -> str:
    folder = fetch(artefact)
    info = ModelInfo.read(folder)
    loading = CLASSIFIER if info.task == "classification" else LANGUAGE_MODEL
    return log_model(
        mlflow,
        experiment_id,
        name=model,
        digest=artefact.digest,
        folder=folder,
        loader=_file_of(loading.loader),
        requirements=requirements(loading),
        columns=(INPUT, loading.output),
        params=_params(info),
        tags={"store_uri": artefact.uri, "dataset_digest": info.dataset_digest},
        run_id=run_id,
        model_type="classifier" if info.task == "classification" else "language-model",
        leave_out=("report",),
    )


def register_once(mlflow: Mlflow, entry: Release) -> str:
    """The registered version of a release's model; it is logged and registered first where it is not yet."""
    found = find_version(mlflow, entry.model, entry.model_digest)
    if found is not None:
        return found
    model_id = log_once(mlflow, entry.model, Artefact(uri=entry.model_uri, digest=entry.model_digest)).model_id
    tags = {
        "digest": entry.model_digest,
        "release": str(entry.number),
        "verdict_digest": entry.verdict_digest,
        "store_uri": entry.model_uri,
        "released_by": entry.by,
    }
    why = f"{entry.kind.capitalize()} {entry.number} of {entry.model}, {entry.at[:10]}, by {entry.by}: {entry.why}"
    return register(mlflow, entry.model, model_id, tags=tags, description=why)


def requirements(loading: Loading = CLASSIFIER) -> list[str]:
    """What loading the logged model takes: the versions that it was made with."""
    named = [f"{name}=={version(name).partition('+')[0]}" for name in loading.needs]
    return [*named, f"onnxruntime>={_onnxruntime()}"] if loading is CLASSIFIER else named


def _params(info: ModelInfo) -> dict[str, str]:
    own = (
        {"temperature": f"{info.temperature:.4f}"}
        if info.task == "classification"
        else {"task": info.task, "stages": ", ".join(info.stages)}
    )
    return {
        "base_model": info.base_model,
        "technique": info.technique,
        "max_tokens": str(info.max_tokens),
        **own,
        "seed": str(info.seed),
    }


def _file_of(module: str) -> Path:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"the module {module} has no file")
    return Path(spec.origin)


def _onnxruntime() -> str:
    import onnxruntime

    return ".".join(str(onnxruntime.__version__).split(".")[:2])
