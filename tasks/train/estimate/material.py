"""What a plan is made from, besides the network: the tokenizer, and the stages' rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import AutoConfig, AutoTokenizer

from tasks.errors import UserInputError
from tasks.models.bundled import ALLOWED
from tasks.train.plan import RunPlan

if TYPE_CHECKING:
    from tasks.train.language.work import StageWork


@dataclass(frozen=True)
class Material:
    """A plan, the base model's tokenizer, and of a language model the work of each stage."""

    folder: Path
    plan: RunPlan
    tokenizer: Any
    works: list[StageWork]
    """Their network is one of next to nothing, which knows the tokens and where a text ends."""


def material_of(folder: Path) -> Material:
    """Read the plan in `folder`, its tokenizer and its rows. Raises UserInputError for what the user must mend."""
    plan = RunPlan.read(folder)
    tokenizer = _tokenizer(plan)
    if plan.task == "classification":
        return Material(folder, plan, tokenizer, [])
    # A classifier's process imports none of this, and is measured.
    import torch

    from tasks.train.language.learning import works_of
    from tasks.train.language.network import LanguageBase

    base = LanguageBase(_tiny_language_model(plan, tokenizer), tokenizer, torch.float32)
    return Material(folder, plan, tokenizer, works_of(folder, plan, base, lambda *_, **__: None))


def read_config(source: str, name: str) -> Any:
    """The architecture of a local folder or hub id; `name` is what the user called it. Raises UserInputError."""
    try:
        return AutoConfig.from_pretrained(source, trust_remote_code=False, local_files_only=Path(source).is_dir())
    except (OSError, ValueError) as error:
        raise UserInputError(f"the model {name!r} cannot be loaded: {_first_line(error)}; {ALLOWED}") from error


def _tokenizer(plan: RunPlan) -> Any:
    name, local = plan.config.base_model, Path(plan.base_model).is_dir()
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            plan.base_model, use_fast=True, trust_remote_code=False, local_files_only=local
        )
    except (OSError, ValueError) as error:
        raise UserInputError(f"the tokenizer of {name!r} cannot be loaded: {_first_line(error)}; {ALLOWED}") from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.model_max_length = plan.config.max_tokens
    return tokenizer


def _tiny_language_model(plan: RunPlan, tokenizer: Any) -> Any:
    from transformers import GenerationConfig, Qwen3Config, Qwen3ForCausalLM

    shape = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "head_dim": 8}
    heads = {"num_attention_heads": 1, "num_key_value_heads": 1}
    network = Qwen3ForCausalLM(Qwen3Config(vocab_size=len(tokenizer), **shape, **heads))
    config = read_config(plan.base_model, plan.config.base_model).get_text_config()
    stated = (Path(plan.base_model) / "generation_config.json").is_file()
    ends = GenerationConfig.from_pretrained(plan.base_model).eos_token_id if stated else config.eos_token_id
    network.generation_config.eos_token_id = ends
    return network


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
