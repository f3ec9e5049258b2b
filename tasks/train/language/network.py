"""The causal language model and its tokenizer, loaded from safetensors alone and without running any code of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from tasks.errors import UserInputError
from tasks.models.bundled import ALLOWED
from tasks.train.plan import RunPlan
from tasks.train.technique_kinds import ADAPTERS
from tasks.train.techniques.qlora import quantised_loading

UNLIMITED = 1_000_000
"""Tokenizers that know no limit give a length beyond this."""


@dataclass(frozen=True)
class LanguageBase:
    """A causal language model and its tokenizer."""

    network: Any
    tokenizer: Any
    stored: torch.dtype
    """The type in which the base model's weights are stored; the trained model's are stored in the same."""


def load_language_model(plan: RunPlan) -> LanguageBase:
    """Load what the plan names, whatever the auto classes know: attention and state-space models alike.

    Raises UserInputError where the model cannot be loaded, is no causal language model, or does not suit the config.
    """
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    source = {"trust_remote_code": False, "local_files_only": Path(plan.base_model).is_dir()}
    loading = quantised_loading(plan.config.technique)
    try:
        stored = AutoConfig.from_pretrained(plan.base_model, **source).dtype or torch.float32
        tokenizer = AutoTokenizer.from_pretrained(plan.base_model, use_fast=True, **source)
        network, found = AutoModelForCausalLM.from_pretrained(
            plan.base_model,
            use_safetensors=True,
            output_loading_info=True,
            **{"dtype": weight_type(plan), **source, **loading},
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserInputError(
            f"the base model {plan.config.base_model!r} cannot be loaded as a language model: {reason}; {ALLOWED}"
        ) from error
    _refuse_missing_weights(plan.config.base_model, found["missing_keys"])
    _prepare(network, tokenizer, plan)
    return LanguageBase(network, tokenizer, stored)


def weight_type(plan: RunPlan) -> torch.dtype:
    """The type that weights are held in.

    Weights that are trained stay in float32, because bfloat16 rounds small updates away; the arithmetic is bfloat16
    on a GPU that has it (autocast). Weights that adapters leave frozen are held in bfloat16 there, unless they are to
    be rounded, to which bfloat16 is about as coarse as int8's steps.
    """
    frozen = plan.config.technique.kind in ADAPTERS and plan.config.quantisation_aware is None
    halves = frozen and torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    return torch.bfloat16 if halves else torch.float32


def _refuse_missing_weights(name: str, missing: set[str] | list[str]) -> None:
    if missing:
        named = ", ".join(sorted(missing)[:3])
        raise UserInputError(
            f"the base model {name!r} lacks {len(missing)} weight(s) of a causal language model ({named}): it would "
            f"begin with random ones; take a model that was trained to write text, or rows with labels. {ALLOWED}"
        )


def _prepare(network: Any, tokenizer: Any, plan: RunPlan) -> None:
    """Check length and end of text, set a padding token, and take this machine's paths out of what will be saved."""
    name, wanted = plan.config.base_model, plan.config.max_tokens
    if not tokenizer.is_fast:
        raise UserInputError(f"the base model {name!r} has no fast tokenizer (tokenizer.json); {ALLOWED}")
    if tokenizer.eos_token is None:
        raise UserInputError(
            f"the tokenizer of {name!r} has no end-of-text token, so a model could never learn to stop: set "
            "`eos_token` in its tokenizer_config.json"
        )
    text_config = network.config.get_text_config()
    known = (tokenizer.model_max_length, getattr(text_config, "max_position_embeddings", None))
    limit = min((length for length in known if length and length < UNLIMITED), default=wanted)
    if wanted > limit:
        raise UserInputError(
            f"training.max_tokens is {wanted}, but {name} takes at most {limit}; allowed are 8 to {limit}"
        )
    if len(tokenizer) > network.get_input_embeddings().num_embeddings:
        raise UserInputError(
            f"the tokenizer of {name!r} knows {len(tokenizer)} tokens, but the network only "
            f"{network.get_input_embeddings().num_embeddings}: they do not belong together"
        )
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    text_config.pad_token_id = network.generation_config.pad_token_id = tokenizer.pad_token_id
    network.config.name_or_path = tokenizer.name_or_path = name
