"""How many parameters a technique trains, counted without a single weight in memory."""

from __future__ import annotations

from typing import Any

from tasks.train.technique_kinds import ExpertLoraTechnique, LoraTechnique, QloraTechnique, Technique


def trainable_parameters(config: Any, technique: Technique) -> tuple[int, int]:
    """Trained parameters, and all parameters of the base, of a causal language model with this transformers config.

    The model is laid out on torch's meta device, and the technique applied to it, so that the count is that of a real
    training. Raises UserInputError where the technique does not suit the model.
    """
    import torch
    from transformers import AutoModelForCausalLM

    from tasks.train.techniques import adapters, experts
    from tasks.train.techniques.apply import apply_technique

    with torch.device("meta"):
        network = AutoModelForCausalLM.from_config(config)
        everything = sum(parameter.numel() for parameter in network.parameters())
        if isinstance(technique, ExpertLoraTechnique):
            chosen = experts.first_experts(network, technique.share)
            network = adapters.add_expert_lora(network, technique, chosen, [])
        elif isinstance(technique, QloraTechnique):
            network = adapters.add_lora(network, technique, [])
        else:
            network = apply_technique(network, technique, [])
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad), everything


def saved_against_lora(config: Any, technique: ExpertLoraTechnique) -> float:
    """The share of trained parameters that LoRA on chosen experts spares against LoRA everywhere, of the same rank."""
    everywhere = LoraTechnique(rank=technique.rank, alpha=technique.alpha)
    return 1 - trainable_parameters(config, technique)[0] / trainable_parameters(config, everywhere)[0]
