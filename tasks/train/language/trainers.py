"""What our uses of TRL's trainers share: nothing sent anywhere, true means, and a network that is left as it was found.

The model that a preference or a reward stage is held to (its reference) is the network as it is when the stage begins.
TRL's own choice would be another: the bare base model where every parameter is trained, and where there are adapters a
second one, `ref`, which would be written into every checkpoint and stay in the network.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from transformers import PrinterCallback, Trainer

from tasks.train.language.work import TOKENS_AT_ONCE

ADAPTER_OF_TRL = "ref"
ROUTERS = "output_router_logits"


class QuietTrainer(Trainer):  # type: ignore[misc]
    """Mixed in before a trainer of TRL's: no telemetry, no model card, evaluation means that weigh every row the same.

    TRL averages its metrics over batches, so that the rows of a short last batch would count for more.
    """

    def __init__(self, **everything: Any) -> None:
        self.rows_of_batches: list[int] = []
        super().__init__(**everything)
        self.remove_callback(PrinterCallback)

    def _send_telemetry(self) -> None:
        """A training tells nobody outside."""

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """The card is written at the release, from what was measured."""

    def count_rows(self, rows: int) -> None:
        """Remember the size of a batch of the evaluation that is under way."""
        self.rows_of_batches.append(rows)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """As TRL does, but with means over the rows of an evaluation instead of over its batches."""
        counts, self.rows_of_batches = self.rows_of_batches, []
        if counts:
            metrics = self._metrics["eval"]
            for name, values in metrics.items():
                if len(values) == len(counts):
                    metrics[name] = [float(np.average(values, weights=counts))]
        super().log(logs, start_time)


def frozen_copy(network: Any, share: bool = True) -> Any:
    """A copy of the network as it is now, in evaluation mode, that nothing trains.

    With `share`, parameters that are not trained are the network's own and take no memory of their own.
    """
    shared: dict[int, Any] = {
        id(weights): weights for weights in network.parameters() if share and not weights.requires_grad
    }
    # A hook may belong to a trainer, which is not to be copied with its rows and its optimiser.
    shared |= {id(module._forward_hooks): copy.copy(module._forward_hooks) for module in network.modules()}
    copied = copy.deepcopy(network, shared)
    for module in {copied, plain_network(copied)}:
        # A forward that a trainer has put in place would still call the network that it was made for.
        module.__dict__.pop("forward", None)
    return copied.requires_grad_(False).eval()


def plain_network(network: Any) -> Any:
    """The causal language model itself, out of its wrapper of adapters; the adapters in its layers stay at work."""
    return network.get_base_model() if hasattr(network, "get_base_model") else network


@contextmanager
def left_as_found(network: Any) -> Iterator[None]:
    """Undo, at the end, what TRL's trainers do to a network: another `forward`, no dropout, an adapter of their own.

    Meanwhile a mixture of experts gives its router's logits only to who asks for them, as TRL's trainers do for the
    loss that balances experts: with the logits, transformers cannot generate.
    """
    config = network.config.get_text_config()
    routers = getattr(config, ROUTERS, None)
    if routers is not None:
        setattr(config, ROUTERS, False)
    dropouts = {module: module.p for module in network.modules() if isinstance(module, torch.nn.Dropout)}
    forwards = {module: module.__dict__.get("forward") for module in (network, plain_network(network))}
    try:
        yield
    finally:
        if plain_network(network).is_activation_checkpointing:
            network.activation_checkpointing_disable()
        for module, share in dropouts.items():
            module.p = share
        for module, forward in forwards.items():
            module.__dict__.pop("forward", None)
            if forward is not None:
                module.forward = forward
        if routers is not None:
            setattr(config, ROUTERS, routers)
        remove_spare_adapter(network)


def remove_spare_adapter(network: Any) -> None:
    """Remove the adapter that TRL adds as a reference, if there is one."""
    if ADAPTER_OF_TRL in getattr(network, "peft_config", {}):
        network.delete_adapter(ADAPTER_OF_TRL)


def fewest_passes(sequences: int, tokens_each: int) -> int:
    """Forward and backward passes that a step of so many sequences is done in, so that each holds TOKENS_AT_ONCE."""
    divisors = (passes for passes in range(1, sequences + 1) if sequences % passes == 0)
    return next((n for n in divisors if sequences // n * tokens_each <= TOKENS_AT_ONCE), sequences)
