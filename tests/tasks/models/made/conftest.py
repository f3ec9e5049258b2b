"""A made model small enough for quick tests, and the real one for the slow ones; each is made once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.settings import settings
from tasks.models.made.model import made_model
from tasks.models.made.recipes import Recipe

SMALL = Recipe(
    vocabulary_size=500,
    tokenizer_documents=300,
    hidden_size=32,
    layers=2,
    heads=2,
    key_value_heads=1,
    head_size=16,
    intermediate_size=64,
    context_tokens=256,
    exercise_steps=0,
    steps=120,
    tokens_a_step=768,
    warmup_steps=8,
)
UNTAUGHT = replace(SMALL, tokenizer_documents=20, steps=2)
"""For tests of how models are kept, which need not know anything."""


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small model."""
    return made_in(tmp_path_factory.mktemp("small-home"), SMALL)


@pytest.fixture(scope="session")
def real_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `made:tiny-qwen3`; half a minute of two quiet cores."""
    return made_in(tmp_path_factory.mktemp("real-home"), None)


def made_in(home: Path, recipe: Recipe | None) -> Path:
    """The model, made in a home of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REFIT_HOME", str(home))
        settings.cache_clear()
        folder = made_model("tiny-qwen3", recipe)
        settings.cache_clear()
    return folder


@pytest.fixture
def small(small_model: Path) -> tuple[Any, Any]:
    """Network and tokenizer of the small model, loaded as anybody would."""
    return loaded(small_model)


def loaded(folder: Path) -> tuple[Any, Any]:
    """Network and tokenizer of a folder."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    return AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
