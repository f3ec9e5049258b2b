"""The runs that the kill sweep kills: a tiny classifier, and a tiny language model of two stages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.settings import settings
from tasks.store import fetch
from tasks.train.config import TrainingConfig
from tasks.train.plan import prepare_run
from tests.tasks.models.tiny_model import make_base_model, make_dataset
from tests.tasks.train.language.tiny_language import make_language_dataset, make_qwen3

COMMON = {"early_stopping_patience": 1000, "checkpoint_minutes": 0.002}


def prepare_classifier(code: str) -> Path:
    """A run of 36 steps with an evaluation after every third."""
    home = settings().home_path
    base = home / "base"
    if not base.exists():
        make_base_model(base)
    dataset = make_dataset()
    fields = {"base_model": str(base), "epochs": 6, "batch_size": 8, "max_tokens": 16, "evaluations_per_epoch": 2}
    config = TrainingConfig.model_validate(fields | COMMON)
    return prepare_run(home / "runs", dataset, fetch(dataset), config, code)


def prepare_language(code: str) -> Path:
    """A run of two stages on preference pairs, with two evaluations an epoch."""
    home = settings().home_path
    base = home / "qwen3"
    if not base.exists():
        make_qwen3(base)
    dataset = make_language_dataset("preference")
    fields: dict[str, Any] = {"base_model": str(base), "epochs": 2, "batch_size": 4, "max_tokens": 96}
    fields |= {"evaluations_per_epoch": 2, "technique": {"kind": "lora", "rank": 4}, "stages": ["sft", "dpo"]}
    config = TrainingConfig.model_validate(fields | COMMON)
    return prepare_run(home / "runs", dataset, fetch(dataset), config, code)


PREPARE: dict[str, Callable[[str], Path]] = {"classifier": prepare_classifier, "language": prepare_language}
