"""Plans of tiny language models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.records import TaskKind
from tasks.train.config import TrainingConfig
from tasks.train.plan import RunPlan
from tests.tasks.train.language.tiny_language import make_mamba, make_qwen3

MakePlan = Callable[..., RunPlan]


@pytest.fixture(scope="session")
def tiny_qwen3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Qwen3 of two layers."""
    return make_qwen3(tmp_path_factory.mktemp("qwen3"))


@pytest.fixture(scope="session")
def tiny_mamba(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Mamba of two layers: no attention at all."""
    return make_mamba(tmp_path_factory.mktemp("mamba"))


@pytest.fixture
def plan_for() -> MakePlan:
    """Makes the plan of a training of a base model; keyword arguments change the config."""

    def make(base: Path, task: TaskKind = "instruction", labels: tuple[str, ...] = (), **changes: Any) -> RunPlan:
        config = TrainingConfig.model_validate({"base_model": str(base), "max_tokens": 64} | changes)
        return RunPlan(
            dataset_folder=base, dataset_digest="none", task=task, labels=labels, base_model=str(base), config=config
        )

    return make
