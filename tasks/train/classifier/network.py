"""The base model and its tokenizer, loaded from safetensors alone and without running any code that comes with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.errors import UserInputError
from tasks.models.bundled import ALLOWED
from tasks.train.plan import RunPlan

UNLIMITED = 1_000_000
"""Tokenizers that know no limit give a length beyond this."""


@dataclass(frozen=True)
class BaseModel:
    """A network with a head for the plan's labels, and the tokenizer that cuts at the plan's length."""

    network: Any
    tokenizer: Any
    new_modules: list[str]
    """Names of the modules that the base model lacks and that start at random: the head, as a rule."""


def load_base_model(plan: RunPlan) -> BaseModel:
    """Load what the plan names. Raises UserInputError where it cannot be loaded or does not suit the config."""
    from transformers import AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    from tasks.models.classifier_network import classifier_from_base

    disable_progress_bar()
    place = plan.base_model
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            place, use_fast=True, trust_remote_code=False, local_files_only=Path(place).is_dir()
        )
        network, new_modules = classifier_from_base(place, plan.labels)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserInputError(
            f"the base model {plan.config.base_model!r} cannot be loaded: {reason}; {ALLOWED}"
        ) from error
    _prepare(network, tokenizer, plan)
    return BaseModel(network, tokenizer, new_modules)


def _prepare(network: Any, tokenizer: Any, plan: RunPlan) -> None:
    """Fix the tokenizer's length and padding, and take this machine's paths out of what will be saved."""
    name, wanted = plan.config.base_model, plan.config.max_tokens
    if not tokenizer.is_fast:
        raise UserInputError(f"the base model {name!r} has no fast tokenizer (tokenizer.json); {ALLOWED}")
    known = (tokenizer.model_max_length, getattr(network.config, "max_position_embeddings", None))
    limit = min((length for length in known if length and length < UNLIMITED), default=wanted)
    if wanted > limit:
        raise UserInputError(
            f"training.max_tokens is {wanted}, but {name} takes at most {limit}; allowed are 8 to {limit}"
        )
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    network.config.pad_token_id = tokenizer.pad_token_id
    network.config.name_or_path = tokenizer.name_or_path = name
    tokenizer.model_max_length = wanted
    # The library would write this down at the first training step, and so not in a run that only goes on to its end.
    network.config.problem_type = "single_label_classification"
