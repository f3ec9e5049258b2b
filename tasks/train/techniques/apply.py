"""Which parameters are trained, and how: what a training calls, in this order.

1. `quantised_loading(technique)` (qlora.py) gives what `from_pretrained` needs beyond the usual; {} but for QLoRA.
2. `check_together(technique, bits)` refuses what cannot go together.
3. `prepare(network, bits, new_modules)` (quantisation_aware.py), where bits are asked for.
4. `network = apply_technique(network, technique, new_modules, batches)`, once for all stages. Checkpoints then hold
   adapters alone, with the numbers of the experts that they belong to, and `steering.load_weights` loads them.
5. After the last stage `network = merge_adapters(network)`, and `unprepare(network)` (quantisation_aware.py) where bits
   are asked for: a plain transformers network, to be saved.
6. `convert_and_measure(network, bits, new_modules, validation_loss, folder)` (quantisation_aware.py), where bits are.

`bits` is `training.quantisation_aware`. `batches` are tokenised training rows (`input_ids`, `attention_mask`), drawn on
by `expert_lora` alone, which must see where rows are routed before it lays on adapters, and no further than needed: an
iterator is best. `new_modules` names what the base model lacks (a fresh classification head).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tasks.errors import UserInputError
from tasks.train.technique_kinds import (
    ExpertLoraTechnique,
    LastLayersTechnique,
    LowRankTechnique,
    QloraTechnique,
    Technique,
)
from tasks.train.techniques.quantisation_aware import Bits


def apply_technique(
    network: Any, technique: Technique, new_modules: list[str], batches: Iterable[Mapping[str, Any]] = ()
) -> Any:
    """The network to train: the same one with parameters frozen, or PEFT's wrapper around it.

    Raises UserInputError where the technique does not suit the network.
    """
    from tasks.train.techniques import adapters, experts, layers, qlora

    if isinstance(technique, LastLayersTechnique):
        layers.freeze_below(network, technique.layers, new_modules)
    elif isinstance(technique, LowRankTechnique):
        return adapters.add_lora(network, technique, new_modules)
    elif isinstance(technique, QloraTechnique):
        return adapters.add_lora(qlora.ready_for_adapters(network), technique, new_modules)
    elif isinstance(technique, ExpertLoraTechnique):
        chosen = experts.experts_for(network, batches, technique.share)
        return adapters.add_expert_lora(network, technique, chosen, new_modules)
    return network


def check_recomputation(network: Any, wanted: bool) -> None:
    """Raise UserInputError where activations are to be computed again, and the network cannot."""
    if wanted and not network.supports_gradient_checkpointing:
        raise UserInputError(
            f"training.activation_checkpointing is true, but {type(network).__name__} cannot compute its activations "
            "again: set it to false, and take a smaller batch_size instead"
        )


def merge_adapters(network: Any) -> Any:
    """The plain network again, with adapters added into its weights, and 4-bit weights in full precision.

    Adapters that a stage laid beside ours for comparison (TRL's `ref`) are dropped.
    """
    if not hasattr(network, "merge_and_unload"):
        return network
    from tasks.train.techniques.adapters import ADAPTER
    from tasks.train.techniques.qlora import dequantised

    dequantised(network)
    network.set_adapter(ADAPTER)
    return network.merge_and_unload(adapter_names=[ADAPTER])


def check_together(technique: Technique, bits: Bits | None) -> None:
    """Raise UserInputError where quantisation-aware training cannot go with the technique."""
    if bits is None:
        return
    if isinstance(technique, QloraTechnique):
        raise UserInputError(
            f"training.quantisation_aware is {bits}, but training.technique is qlora, whose base is in 4 bits already: "
            "choose lora with quantisation_aware, or qlora without"
        )
    if isinstance(technique, ExpertLoraTechnique):
        raise UserInputError(
            f"training.quantisation_aware is {bits}, but the fused experts that expert_lora trains cannot be trained "
            "so: set quantisation_aware: null, or choose lora on a model without experts"
        )
    if isinstance(technique, LowRankTechnique) and technique.dora:
        raise UserInputError(
            f"training.quantisation_aware is {bits}, but training.technique.dora is true, which cannot "
            "be combined: set dora: false, or quantisation_aware: null"
        )
