"""Whatever the auto classes know is loaded from safetensors; what does not suit is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tasks.errors import UserInputError
from tasks.train.language.network import load_language_model
from tasks.train.plan import RunPlan
from tests.tasks.models.tiny_model import make_base_model

Prepare = Callable[..., Path]


def plan_of(folder: Path) -> RunPlan:
    return RunPlan.read(folder)


def test_attention_and_state_space_models_are_loaded_alike(prepare: Prepare, tiny_mamba: Path) -> None:
    loaded = [
        load_language_model(plan_of(prepare())),
        load_language_model(plan_of(prepare(base_model=str(tiny_mamba)))),
    ]
    assert [base.network.config.model_type for base in loaded] == ["qwen3", "mamba"]
    assert all(base.tokenizer.pad_token_id is not None for base in loaded)


def test_weights_that_are_trained_are_held_in_full_precision(prepare: Prepare) -> None:
    base = load_language_model(plan_of(prepare()))
    assert {weight.dtype for weight in base.network.parameters()} == {torch.float32}


def test_too_many_tokens_for_the_model_are_refused(prepare: Prepare) -> None:
    with pytest.raises(UserInputError, match=r"max_tokens is 257, but .* takes at most 256; allowed are 8 to 256"):
        load_language_model(plan_of(prepare(max_tokens=257)))


def test_an_encoder_is_no_language_model(prepare: Prepare, tmp_path: Path) -> None:
    folder = plan_of(prepare(base_model=str(make_base_model(tmp_path)), max_tokens=16))
    with pytest.raises(UserInputError, match=r"lacks \d+ weight\(s\) of a causal language model"):
        load_language_model(folder)


def test_code_that_comes_with_a_model_is_not_run(prepare: Prepare, tiny_qwen3: Path, tmp_path: Path) -> None:
    folder = tmp_path / "with-code"
    shutil.copytree(tiny_qwen3, folder)
    config = (folder / "config.json").read_text()
    mapped = '"auto_map": {"AutoModelForCausalLM": "own.Own"},\n  "model_type": "own"'
    (folder / "config.json").write_text(config.replace('"model_type": "qwen3"', mapped))
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(UserInputError, match="cannot be loaded as a language model"):
        load_language_model(plan_of(prepare(base_model=str(folder))))
    assert not (tmp_path / "ran").exists()
