"""A tiny language model, and runs and stages on tiny datasets of every task."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from infra.settings import settings
from tasks.records import TaskKind
from tasks.store import fetch
from tasks.train.config import TrainingConfig
from tasks.train.language.work import StageWork
from tasks.train.plan import RunPlan, prepare_run
from tests.tasks.train.language.tiny_language import make_language_dataset, make_mamba, make_qwen3

Prepare = Callable[..., Path]
MakeWork = Callable[..., StageWork]
Events = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def few_threads() -> None:
    """Tiny networks gain nothing from threads."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_qwen3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Qwen3 of two layers, with a chat template."""
    return make_qwen3(tmp_path_factory.mktemp("qwen3"))


@pytest.fixture(scope="session")
def tiny_mamba(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Mamba of two layers: no attention at all."""
    return make_mamba(tmp_path_factory.mktemp("mamba"))


@pytest.fixture
def events() -> Events:
    """What the trainings of the test said."""
    return []


@pytest.fixture
def prepare(tiny_qwen3: Path) -> Prepare:
    """Prepares a run folder for rows of `task`; keyword arguments change the config.

    `rows` replaces the dataset's rows, `code` tells runs of one config apart.
    """

    def make(
        task: TaskKind = "instruction", code: str = "code", rows: pd.DataFrame | None = None, **changes: Any
    ) -> Path:
        dataset = make_language_dataset(task, rows)
        fields = {"base_model": str(tiny_qwen3), "epochs": 3, "batch_size": 8, "learning_rate": 5e-3, "max_tokens": 96}
        config = TrainingConfig.model_validate(fields | changes)
        return prepare_run(settings().home_path / "runs", dataset, fetch(dataset), config, code)

    return make


@pytest.fixture
def make_work(prepare: Prepare, events: Events) -> MakeWork:
    """Makes the work of one stage on a freshly loaded base; `stage` is its number among the config's stages.

    Further arguments are those of `prepare`. What the stage says goes into `events`. `network` replaces the base's.
    """

    def make(task: TaskKind = "instruction", stage: int = 0, network: Any = None, **changes: Any) -> StageWork:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        folder = prepare(task, **changes)
        plan = RunPlan.read(folder)
        chosen = plan.config.stages_for(task)[stage]
        splits = ("train", "validation")
        columns = ["id", "text", "answer", "rejected"]
        return StageWork(
            folder=folder / "stages" / f"{stage}-{chosen.kind}",
            plan=plan,
            stage=chosen,
            network=network or AutoModelForCausalLM.from_pretrained(plan.base_model, dtype="float32"),
            tokenizer=AutoTokenizer.from_pretrained(plan.base_model),
            rows={name: pd.read_parquet(plan.dataset_folder / f"{name}.parquet", columns=columns) for name in splits},
            tell=lambda event, **content: events.append({"event": event, **content}),
        )

    return make
