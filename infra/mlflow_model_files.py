"""Files that lie beside a logged model in MLflow, read back as text."""

from __future__ import annotations

import tempfile
from pathlib import Path

from infra.mlflow import Mlflow, load_mlflow


def read_model_file(mlflow: Mlflow, model_id: str, name: str) -> str | None:
    """The text of a file at the top of a logged model; None where it has none of that name."""
    with mlflow.explained(), tempfile.TemporaryDirectory() as place:
        if name not in {Path(each.path).name for each in mlflow.client.list_logged_model_artifacts(model_id)}:
            return None
        source = mlflow.client.get_logged_model(model_id).artifact_location
        uri = f"{str(source).rstrip('/')}/{name}"
        path = load_mlflow().artifacts.download_artifacts(uri, dst_path=place, tracking_uri=mlflow.uri)
        return Path(path).read_text(encoding="utf-8")
