"""Which parameters are trained: all, those of the last layers, or low-rank adapters that are merged at the end."""

from __future__ import annotations

from typing import Any

from tasks.errors import UserInputError
from tasks.train.technique_kinds import LastLayersTechnique, LoraTechnique, Technique


def apply_technique(network: Any, technique: Technique, new_modules: list[str]) -> Any:
    """The network to train. `new_modules` names the modules that the base model lacks: they are trained in full.

    Raises UserInputError where the technique does not suit the network.
    """
    if isinstance(technique, LastLayersTechnique):
        freeze_below(network, technique.layers)
    elif isinstance(technique, LoraTechnique):
        return add_adapters(network, technique, new_modules)
    return network


def merge_adapters(network: Any) -> Any:
    """The plain network again, with adapters, where there are any, added into its weights."""
    return network.merge_and_unload() if hasattr(network, "merge_and_unload") else network


def freeze_below(network: Any, layers: int) -> None:
    """Freeze all that comes before the last `layers` layers: embeddings and lower layers.

    The layers are the longest list of modules in the network; what is registered after them (final norm, pooler,
    head) is trained. Raises UserInputError where the network has fewer layers.
    """
    import torch

    lists = [module for module in network.modules() if isinstance(module, torch.nn.ModuleList)]
    stack = max(lists, key=len, default=())
    if len(stack) < layers:
        raise UserInputError(
            f"training.technique.layers is {layers}, but the base model has {len(stack)} layers; "
            f"allowed are 1 to {len(stack)}, or the technique `full`"
        )
    first = id(next(iter(stack[len(stack) - layers].parameters())))
    trained = False
    for parameter in network.parameters():
        trained = trained or id(parameter) == first
        parameter.requires_grad_(trained)


def add_adapters(network: Any, technique: LoraTechnique, new_modules: list[str]) -> Any:
    """The network with frozen weights and LoRA adapters on all linear layers but the new ones."""
    from peft import LoraConfig, TaskType, get_peft_model

    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=technique.rank,
        lora_alpha=technique.alpha,
        lora_dropout=technique.dropout,
        target_modules="all-linear",
        exclude_modules=new_modules or None,
        modules_to_save=new_modules or None,
    )
    return get_peft_model(network, config)
