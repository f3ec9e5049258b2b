"""MLflow as stages see it: the one that this process's settings name."""

from __future__ import annotations

import functools
from pathlib import Path

from infra.mlflow import Mlflow
from infra.settings import settings


@functools.lru_cache(maxsize=4)
def _open(uri: str, artifacts: Path) -> Mlflow:
    return Mlflow(uri, artifacts)


def mlflow() -> Mlflow:
    """The tracking server or database of this process's settings."""
    return _open(settings().tracking_uri, settings().mlflow_artifacts)
