"""The experts of a mixture: where they are, and which of them the training rows are routed to most."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch

from tasks.errors import UserInputError

Chosen = dict[str, tuple[int, ...]]
"""For the name of each module with fused experts, the numbers of the experts that get adapters, in order."""

CHOSEN = "chosen_experts"
"""The attribute by which a module with fused experts knows them while adapters are laid on."""

SAMPLE_TOKENS = 131_072
"""Tokens over which routing is measured: 32 sequences of 4,096, as in arXiv:2407.01906, section 3."""


def fused_experts(network: Any) -> dict[str, Any]:
    """The modules that hold all experts of a layer in three-dimensional parameters, by name.

    Only experts of transformers' common interface count (`use_experts_implementation`), whose layout is known.
    """
    return {
        name: module
        for name, module in network.named_modules()
        if hasattr(module, "_apply_gate") and hasattr(module, "is_transposed") and module.down_proj.ndim == 3
    }


def all_experts(network: Any) -> Chosen:
    """Every expert of every layer."""
    return {name: tuple(range(module.num_experts)) for name, module in fused_experts(network).items()}


def first_experts(network: Any, share: float) -> Chosen:
    """As many experts of each layer as `experts_for` would choose, without looking at rows: for counting."""
    return {name: every[: _number(len(every), share)] for name, every in all_experts(network).items()}


def experts_for(network: Any, batches: Iterable[Mapping[str, Any]], share: float) -> Chosen:
    """The `share` of each layer's experts (rounded down, at least one) with the highest average gate score.

    The score is that of expert-specialised fine-tuning (ESFT-Gate, arXiv:2407.01906): the mean over tokens of the
    weight with which the router sends a token to the expert, 0 where it does not. `batches` hold `input_ids` and, where
    there is padding, `attention_mask`, both of shape (rows, tokens); what exceeds SAMPLE_TOKENS tokens is left out.
    Raises UserInputError where the network has no such experts, or there is no row.
    """
    modules = fused_experts(network)
    if not modules:
        raise UserInputError(
            "training.technique is expert_lora, but the base model has no experts that it could adapt (fused experts "
            "as in Qwen3-MoE, Mixtral, DeepSeek, gpt-oss): choose lora, or a mixture-of-experts model"
        )
    scores, tokens = _routed(network, modules, batches)
    if tokens == 0:
        raise UserInputError("training.technique is expert_lora, which needs rows to choose experts by, but none came")
    return {name: _best(score, _number(len(score), share)) for name, score in scores.items()}


def _routed(network: Any, modules: Mapping[str, Any], batches: Iterable[Mapping[str, Any]]) -> tuple[Any, int]:
    """The summed gate scores of each module's experts, and over how many tokens."""
    scores = {name: torch.zeros(module.num_experts, dtype=torch.float64) for name, module in modules.items()}
    real = torch.zeros(0, dtype=torch.bool)

    def listen(name: str) -> Any:
        def hook(_module: Any, arguments: tuple[Any, ...]) -> None:
            _states, numbers, weights = arguments
            numbers, weights = numbers.cpu(), weights.double().cpu()
            # A number beyond the last expert stands for none, where experts are spread over devices.
            counts = real[:, None].expand_as(numbers) & (numbers < len(scores[name]))
            scores[name].index_add_(0, numbers[counts], weights[counts])

        return hook

    handles = [module.register_forward_pre_hook(listen(name)) for name, module in modules.items()]
    training, tokens = network.training, 0
    network.eval()
    try:
        with torch.inference_mode():
            for batch in batches:
                if tokens >= SAMPLE_TOKENS:
                    break
                ids = batch["input_ids"].to(network.device)
                mask = batch.get("attention_mask", torch.ones_like(ids)).to(network.device)
                real = mask.flatten().bool().cpu()
                network(input_ids=ids, attention_mask=mask)
                tokens += int(real.sum())
    finally:
        for handle in handles:
            handle.remove()
        network.train(training)
    return scores, tokens


def _number(experts: int, share: float) -> int:
    # A share such as 0.3 is a little less or more in binary, which must not cost or give an expert.
    return max(1, math.floor(experts * share + 1e-9))


def _best(scores: Any, number: int) -> tuple[int, ...]:
    ranked = sorted(range(len(scores)), key=lambda expert: (-float(scores[expert]), expert))
    return tuple(sorted(ranked[:number]))
