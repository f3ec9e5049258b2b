"""The linear layers of a network that adapters, or lower precision, may touch: not the head, nor what routes."""

from __future__ import annotations

from typing import Any

import torch

BYPASSED = ("x_proj", "dt_proj", "out_proj")
"""Layers of a Mamba mixer whose weights its kernels read themselves, so that an adapter on them would not be heard."""


def adaptable_linears(network: Any, new_modules: list[str]) -> list[str]:
    """Names of all linear layers but the output head, new modules, routers, and what a Mamba kernel reads past.

    Linear layers are torch's, subclasses of it (4-bit ones), and GPT-2's transposed `Conv1D`. Embeddings and
    convolutions are none. The weights of fused experts are not modules; see tasks.train.techniques.experts.
    """
    from transformers.pytorch_utils import Conv1D

    head = network.get_output_embeddings()
    left_out = routers(network) | _bypassed(network)
    return [
        name
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.Linear | Conv1D)
        and module is not head
        and name not in left_out
        and not any(name == new or name.startswith(f"{new}.") for new in new_modules)
    ]


def routers(network: Any) -> set[str]:
    """Names of the linear layers that route: inside a `router`, or beside experts with one output for each or for all.

    (The one output for all is the gate of a shared expert.) Many routers are no linear layer but a class of their own,
    which nothing here would take for one.
    """
    blocks = _expert_blocks(network)
    found: set[str] = set()
    for name, module in network.named_modules():
        block = name.rpartition(".")[0]
        beside = block in blocks and getattr(module, "out_features", None) in (1, blocks[block])
        if isinstance(module, torch.nn.Linear) and (beside or "router" in name.split(".")):
            found.add(name)
    return found


def _expert_blocks(network: Any) -> dict[str, int]:
    """Names of the modules that hold experts, with their number."""
    blocks: dict[str, int] = {}
    for name, module in network.named_modules():
        block, _, last = name.rpartition(".")
        if last == "experts":
            count = len(module) if isinstance(module, torch.nn.ModuleList) else getattr(module, "num_experts", 0)
            blocks[block] = int(count)
    return blocks


def _bypassed(network: Any) -> set[str]:
    mixers = [
        name
        for name, module in network.named_modules()
        if hasattr(module, "A_log") and hasattr(module, "ssm_state_size")
    ]
    return {f"{mixer}.{layer}" for mixer in mixers for layer in BYPASSED}
