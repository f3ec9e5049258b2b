"""MLflow's logged models and its model registry, in primitives. What is logged loads without pickle."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.mlflow import Mlflow, load_mlflow

DATA = "model"
"""Folder of the model's own files inside a logged model."""


def find_logged_model(mlflow: Mlflow, experiment_id: str, digest: str) -> str | None:
    """The id of the finished logged model whose tag `digest` is `digest`; None where there is none."""
    with mlflow.explained():
        found = mlflow.client.search_logged_models([experiment_id], filter_string=f"tags.digest = '{digest}'")
    ready = [str(model.model_id) for model in found if str(model.status) in {"READY", "LoggedModelStatus.READY"}]
    return ready[0] if ready else None


def log_model(
    mlflow: Mlflow,
    experiment_id: str,
    *,
    name: str,
    digest: str,
    folder: Path,
    loader: Path,
    requirements: Sequence[str],
    columns: tuple[Mapping[str, str], Mapping[str, str]],
    params: Mapping[str, str],
    tags: Mapping[str, str],
    run_id: str | None,
    model_type: str = "classifier",
    leave_out: Sequence[str] = (),
) -> str:
    """Upload a model folder as a logged model that `mlflow.pyfunc` can load, and return its id.

    `loader` is a Python file with `_load_pyfunc(folder)`, which travels with the model. `columns` are the names and
    types of the input and the output. Subfolders named in `leave_out` are not uploaded.
    """
    with mlflow.explained(), tempfile.TemporaryDirectory() as place:
        made = mlflow.client.create_logged_model(
            experiment_id,
            name=name,
            source_run_id=run_id,
            tags={"digest": digest, **tags},
            params=dict(params),
            model_type=model_type,
        )
        shell = Path(place) / "shell"
        _write_shell(shell, made.model_id, run_id, loader, requirements, columns)
        mlflow.client.log_model_artifacts(made.model_id, str(shell))
        for item in sorted(folder.iterdir()):
            if item.is_file():
                mlflow.client.log_model_artifact(made.model_id, str(item), DATA)
            elif item.name not in leave_out:
                mlflow.client.log_model_artifacts(made.model_id, str(item), f"{DATA}/{item.name}")
        mlflow.client.finalize_logged_model(made.model_id, "READY")
    return str(made.model_id)


def link_model(mlflow: Mlflow, run_id: str, model_id: str) -> None:
    """Show a logged model among the outputs of a run."""
    from mlflow.entities import LoggedModelOutput

    with mlflow.explained():
        mlflow.client.log_outputs(run_id, [LoggedModelOutput(model_id, step=0)])


def log_model_file(mlflow: Mlflow, model_id: str, file: Path) -> None:
    """Add a file to a logged model, beside its own."""
    with mlflow.explained():
        mlflow.client.log_model_artifact(model_id, str(file))


def find_version(mlflow: Mlflow, name: str, digest: str) -> str | None:
    """The newest registered version whose tag `digest` is `digest`; None where there is none."""
    with mlflow.explained():
        found = mlflow.client.search_model_versions(f"name = '{name}' and tag.digest = '{digest}'")
    return max((str(version.version) for version in found), key=int, default=None)


def register(mlflow: Mlflow, name: str, model_id: str, *, tags: Mapping[str, str], description: str) -> str:
    """Make a registered version of a logged model, and the registered model where there is none; return its number."""
    from mlflow.exceptions import RESOURCE_ALREADY_EXISTS, ErrorCode, MlflowException

    with mlflow.explained():
        try:
            mlflow.client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS):
                raise
        # The registry looks a `models:/` URI up in the tracking store that is set for the process.
        load_mlflow().set_tracking_uri(mlflow.uri)
        source_run_id = mlflow.client.get_logged_model(model_id).source_run_id
        made = mlflow.client.create_model_version(
            name,
            source=f"models:/{model_id}",
            run_id=source_run_id,
            tags=dict(tags),
            description=description,
            model_id=model_id,
        )
    return str(made.version)


def set_alias(mlflow: Mlflow, name: str, alias: str, version: str) -> None:
    """Point an alias of a registered model at a version, unless it points there already."""
    with mlflow.explained():
        if alias_version(mlflow, name, alias) != version:
            mlflow.client.set_registered_model_alias(name, alias, version)


def drop_alias(mlflow: Mlflow, name: str, alias: str) -> None:
    """Take an alias away."""
    with mlflow.explained():
        mlflow.client.delete_registered_model_alias(name, alias)


def alias_version(mlflow: Mlflow, name: str, alias: str) -> str | None:
    """The version that an alias points at; None where there is no such alias or model."""
    aliases = _registered(mlflow, name)[0]
    return aliases.get(alias)


def model_tags(mlflow: Mlflow, name: str) -> dict[str, str]:
    """The tags of a registered model; none where there is no such model."""
    return _registered(mlflow, name)[1]


def set_model_tag(mlflow: Mlflow, name: str, tag: str, value: str) -> None:
    """Set a tag of a registered model."""
    with mlflow.explained():
        mlflow.client.set_registered_model_tag(name, tag, value)


def _registered(mlflow: Mlflow, name: str) -> tuple[dict[str, str], dict[str, str]]:
    with mlflow.explained():
        found = mlflow.client.search_registered_models(filter_string=f"name = '{name}'")
    if not found:
        return {}, {}
    return {alias: str(version) for alias, version in found[0].aliases.items()}, dict(found[0].tags)


def _write_shell(
    folder: Path,
    model_id: str,
    run_id: str | None,
    loader: Path,
    requirements: Sequence[str],
    columns: tuple[Mapping[str, str], Mapping[str, str]],
) -> None:
    """Write what makes a folder an MLflow model: `MLmodel`, its requirements and the loader. The data comes apart."""
    load_mlflow()
    from mlflow import pyfunc
    from mlflow.models import Model, ModelSignature
    from mlflow.types import ColSpec, Schema

    inputs, outputs = (Schema([ColSpec(kind, name) for name, kind in part.items()]) for part in columns)
    model = Model(model_id=model_id, run_id=run_id, signature=ModelSignature(inputs=inputs, outputs=outputs))
    pyfunc.save_model(
        folder,
        loader_module=loader.stem,
        code_paths=[str(loader)],
        pip_requirements=list(requirements),
        mlflow_model=model,
    )
    model.flavors[pyfunc.FLAVOR_NAME][pyfunc.DATA] = DATA
    model.save(folder / "MLmodel")
