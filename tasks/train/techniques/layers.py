"""The technique `last_layers`: which modules are the layers of a network, and what is frozen below the last of them."""

from __future__ import annotations

from typing import Any

import torch

from tasks.errors import UserInputError


def layer_stack(network: Any) -> Any:
    """The list of layers that a network's hidden states pass one after the other.

    Lists inside a layer (the experts of a mixture, say) are no stack. Of several lists the one with as many layers as
    the config names counts, else the longest; of equals the last, which is the decoder's where there is an encoder.
    """
    lists: dict[str, Any] = {}
    for name, module in network.named_modules():
        inside = any(name.startswith(f"{outer}.") for outer in lists)
        if isinstance(module, torch.nn.ModuleList) and not inside and any(True for _ in module.parameters()):
            lists[name] = module
    depth = getattr(network.config.get_text_config(decoder=True), "num_hidden_layers", None)
    stacks = list(lists.values())
    return max(reversed(stacks), key=lambda stack: (len(stack) == depth, len(stack)), default=torch.nn.ModuleList())


def freeze_below(network: Any, layers: int, new_modules: list[str]) -> None:
    """Freeze all that comes before the last `layers` layers.

    What is registered after them (final norm, pooler, head) is trained, and so are `new_modules`. Embeddings are
    frozen wherever they stand, because they feed the lower layers too; an output head that shares their matrix (tied
    embeddings) is therefore frozen with them. Raises UserInputError where the network has fewer layers.
    """
    stack = layer_stack(network)
    if len(stack) < layers:
        raise UserInputError(
            f"training.technique.layers is {layers}, but the base model has {len(stack)} layers; "
            f"allowed are 1 to {len(stack)}, or the technique `full`"
        )
    first = next(iter(stack[len(stack) - layers].parameters()))
    trained = False
    for parameter in network.parameters():
        trained = trained or parameter is first
        parameter.requires_grad_(trained)
    for module in network.modules():
        if isinstance(module, torch.nn.Embedding):
            module.requires_grad_(False)
    for name in new_modules:
        network.get_submodule(name).requires_grad_(True)
