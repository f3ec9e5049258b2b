"""An MLflow database that is ready to use: its tables take seconds to make, so they are made once and copied."""

from __future__ import annotations

import functools
import shutil
import tempfile
from pathlib import Path

from infra.mlflow import Mlflow
from infra.settings import settings


@functools.cache
def _template() -> tuple[tempfile.TemporaryDirectory[str], Path]:
    place = tempfile.TemporaryDirectory(prefix="mlflow-template-")
    path = Path(place.name) / "mlflow.db"
    Mlflow(f"sqlite:///{path}", Path(place.name) / "artifacts").prepare()
    return place, path


def ready_mlflow() -> Mlflow:
    """The MLflow of this test's settings, with its tables in place."""
    home = settings().home_path
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy2(_template()[1], home / "mlflow.db")
    return Mlflow(settings().tracking_uri, settings().mlflow_artifacts)
