"""The network of a plan as it will be trained, but without content: no weight is read, and none takes memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch._subclasses import FakeTensorMode
from transformers import AutoModelForCausalLM
from trl.trainer.utils import add_fused_lm_head

from tasks.models.classifier_network import classifier_without_weights, reads_the_mean
from tasks.train.estimate.kernels import DeviceKind
from tasks.train.estimate.material import read_config
from tasks.train.plan import RunPlan
from tasks.train.technique_kinds import ADAPTERS, ExpertLoraTechnique, LoraTechnique, QloraTechnique, Technique
from tasks.train.techniques.adapters import add_expert_lora
from tasks.train.techniques.apply import apply_technique, check_recomputation
from tasks.train.techniques.experts import first_experts
from tasks.train.techniques.quantisation_aware import prepare

QUANTISED_BYTES = 0.5 + (1 + 4 / 256) / 64
"""Bytes a weight in NF4 with double quantisation: four bits, an 8-bit scale for 64 of them, and one of 32 bits for 256
scales (QLoRA, arXiv:2305.14314, section 3)."""


@dataclass(frozen=True)
class Network:
    """A network whose tensors have shapes and no content."""

    fakes: FakeTensorMode
    module: Any
    parameters: int
    """Parameters of the plain network, without adapters."""
    trainable: int
    weight_bytes: int
    """Weights and buffers as they will stand in memory, adapters included."""
    trainable_bytes: int
    vocabulary: int | None
    """Tokens of a language model; None for a network with labels."""

    @property
    def optimiser_bytes(self) -> int:
        """AdamW's two moments of every trained parameter."""
        return 2 * self.trainable_bytes

    def blocks(self) -> tuple[list[int], list[int]]:
        """Bytes of each tensor of the network, and of each of the optimiser's moments."""
        standing = [tensor.untyped_storage().nbytes() for tensor in _distinct(self.module)]
        states = [
            weights.untyped_storage().nbytes()
            for weights in self.module.parameters()
            if weights.requires_grad
            for _ in range(2)
        ]
        return standing, states


def classifier(plan: RunPlan, labels: int, device: DeviceKind, source: str | None = None) -> Network:
    """The plan's base model with a head for so many labels, trained as the plan says; of a `source`, frozen."""
    place = source or plan.base_model
    config = read_config(place, source or plan.config.base_model)
    config.num_labels = labels
    config.pad_token_id = config.pad_token_id or 0
    language = plan.task != "classification"
    with torch.device("meta"):
        module = classifier_without_weights(config, mean=not language and reads_the_mean(place))
        plain = _count(module)
        if source is None:
            fresh = fresh_modules(module, place)
            if plan.config.quantisation_aware and not language:
                prepare(module, plan.config.quantisation_aware, fresh)
            module = _with_technique(module, plan.config.technique, fresh)
            _recompute(module, plan)
    halves = language and _halves(plan, device)
    return _described(module, plain, None, frozen=source is not None, halves=halves)


def language_model(plan: RunPlan, device: DeviceKind, source: str | None = None) -> Network:
    """The plan's base model as a causal language model, trained as the plan says; of a `source`, frozen."""
    config = read_config(source or plan.base_model, source or plan.config.base_model)
    with torch.device("meta"):
        module = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
        plain = _count(module)
        add_fused_lm_head(module)
        if source is None:
            if plan.config.quantisation_aware:
                prepare(module, plan.config.quantisation_aware, [])
            module = _with_technique(module, plan.config.technique, [])
            _recompute(module, plan)
    vocabulary = int(config.get_text_config().vocab_size)
    return _described(module, plain, vocabulary, frozen=source is not None, halves=_halves(plan, device))


def fresh_modules(module: Any, source: str) -> list[str]:
    """Names of the modules that the stored weights lack, by the names in the safetensors' headers.

    Of a hub id, whose files are not read, all that stands outside the base model.
    """
    from safetensors import safe_open

    stored: set[str] = set()
    for file in sorted(Path(source).glob("*.safetensors")):
        with safe_open(file, framework="numpy") as weights:
            stored.update(weights.keys())
    prefix = f"{module.base_model_prefix}."
    architecture = getattr(module, "backbone", module).base_model_prefix
    names = [name for name, _ in module.named_parameters()]
    if stored:
        inner = {name: name.removeprefix(prefix) for name in names}
        fresh = [
            name for name in names if not {name, inner[name], prefix + name, f"{architecture}.{inner[name]}"} & stored
        ]
    else:
        fresh = [name for name in names if not name.startswith(prefix)]
    return sorted({name.rpartition(".")[0] for name in fresh} - {""})


def _with_technique(module: Any, technique: Technique, fresh: list[str]) -> Any:
    if isinstance(technique, ExpertLoraTechnique):
        # Which experts is found out from the rows; how many, and so all figures, is known before.
        return add_expert_lora(module, technique, first_experts(module, technique.share), fresh)
    if isinstance(technique, QloraTechnique):
        # The 4-bit kernels exist on CUDA alone; the adapters are the same, and bytes are counted in 4 bits below.
        plain = LoraTechnique(rank=technique.rank, alpha=technique.alpha, dropout=technique.dropout)
        adapted = apply_technique(module, plain, fresh)
        adapted.counted_in_four_bits = True
        return adapted
    return apply_technique(module, technique, fresh)


def _recompute(module: Any, plan: RunPlan) -> None:
    """Keep only each layer's inputs for the backward pass, where the plan says so, as the trainer does."""
    check_recomputation(module, plan.config.activation_checkpointing)
    if plan.config.activation_checkpointing:
        module.activation_checkpointing_enable()


def _halves(plan: RunPlan, device: DeviceKind) -> bool:
    """Whether weights that stay frozen are held in half precision, as `language.network` loads them on a GPU."""
    return device == "cuda" and plan.config.technique.kind in ADAPTERS


def _without_content(module: Any, halves: bool) -> FakeTensorMode:
    """Put tensors that a step can be traced on in the place of all; frozen ones in half precision where asked.

    The network is built on the meta device, which PEFT knows; but a network takes tensors of the meta device for
    weights that are still to come, and asks others for the device to make new ones on.
    """
    fakes = FakeTensorMode()
    made: dict[int, Any] = {}
    with fakes:
        for part in module.modules():
            for name, weights in part._parameters.items():
                if weights is not None and id(weights) not in made:
                    kind = torch.bfloat16 if halves and not weights.requires_grad else weights.dtype
                    made[id(weights)] = torch.nn.Parameter(
                        torch.empty(weights.shape, dtype=kind, device="cpu"), requires_grad=weights.requires_grad
                    )
                part._parameters[name] = None if weights is None else made[id(weights)]
            for name, buffer in part._buffers.items():
                if buffer is not None:
                    part._buffers[name] = torch.empty(buffer.shape, dtype=buffer.dtype, device="cpu")
    return fakes


def _described(module: Any, plain: int, vocabulary: int | None, *, frozen: bool, halves: bool) -> Network:
    module.train()
    if frozen:
        module.requires_grad_(False).eval()
    fakes = _without_content(module, halves)
    trained = [weights for weights in module.parameters() if weights.requires_grad]
    stored = sum(tensor.untyped_storage().nbytes() for tensor in _distinct(module))
    return Network(
        fakes=fakes,
        module=module,
        parameters=plain,
        trainable=sum(weights.numel() for weights in trained),
        weight_bytes=stored - (_saved_by_four_bits(module) if hasattr(module, "counted_in_four_bits") else 0),
        trainable_bytes=sum(weights.untyped_storage().nbytes() for weights in trained),
        vocabulary=vocabulary,
    )


def _saved_by_four_bits(module: Any) -> int:
    """Bytes that 4-bit weights spare in the linear layers, less what the rest takes more in 32 bits than in 16."""
    quantised = {
        id(layer.base_layer.weight): layer.base_layer.weight.numel()
        for layer in module.modules()
        if hasattr(layer, "base_layer") and hasattr(layer, "lora_A") and hasattr(layer.base_layer, "weight")
    }
    spared = widened = 0.0
    for weights in module.parameters():
        if id(weights) in quantised:
            spared += weights.numel() * (weights.element_size() - QUANTISED_BYTES)
        elif not weights.requires_grad:
            widened += weights.numel() * (4 - weights.element_size())
    return int(spared - widened)


def _count(module: Any) -> int:
    return sum(weights.numel() for weights in module.parameters())


def _distinct(module: Any) -> list[Any]:
    """Parameters and buffers, with those that share memory once."""
    return list({id(tensor.untyped_storage()): tensor for tensor in (*module.parameters(), *module.buffers())}.values())
