"""A tiny base model, and runs on a tiny dataset."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.settings import settings
from tasks.records import DatasetRef
from tasks.store import fetch
from tasks.train.config import TrainingConfig
from tasks.train.plan import prepare_run
from tests.tasks.models.tiny_model import make_base_model, make_dataset

Prepare = Callable[..., Path]


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT of two layers."""
    return make_base_model(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, as an encoder whose text vector is the mean of its tokens'."""
    return make_base_model(tmp_path_factory.mktemp("encoder"), mean=True)


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny networks gain nothing from threads."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def dataset() -> DatasetRef:
    """72 rows of three labels."""
    return make_dataset()


@pytest.fixture
def tiny_config(tiny_base: Path) -> Callable[..., TrainingConfig]:
    """Makes a config for the tiny base model; keyword arguments change fields."""

    def make(**changes: Any) -> TrainingConfig:
        fields = {"base_model": str(tiny_base), "epochs": 3, "batch_size": 16, "learning_rate": 5e-3, "max_tokens": 16}
        return TrainingConfig.model_validate(fields | changes)

    return make


@pytest.fixture
def prepare(dataset: DatasetRef, tiny_config: Callable[..., TrainingConfig]) -> Prepare:
    """Prepares a run folder; keyword arguments change the config. `code` tells runs of one config apart."""

    def make(code: str = "code", **changes: Any) -> Path:
        return prepare_run(settings().home_path / "runs", dataset, fetch(dataset), tiny_config(**changes), code)

    return make
