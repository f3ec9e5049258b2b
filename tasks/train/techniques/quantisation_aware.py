"""Quantisation-aware training (`training.quantisation_aware`): round while training, convert at the end, and measure.

Linear layers compute with weights rounded to int8 (one scale a row) or int4 (one scale for 32 weights), and activations
rounded to int8 (a scale and zero point a token), through torchao; gradients pass the rounding unchanged. The head, the
embeddings, norms and routers stay as they are, as do layers whose width is no multiple of 32 (for int4).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import torch

from tasks.errors import UserInputError
from tasks.models.rounded_language_model import FOLDER
from tasks.train.techniques.experts import fused_experts
from tasks.train.techniques.linears import adaptable_linears

GROUP = 32
"""Weights that share a scale, for int4."""

Bits = Literal["int8", "int4"]


def prepare(network: Any, bits: Bits, new_modules: list[str]) -> None:
    """Make the network's linear layers round while they compute, in place. Call it before adapters are laid on.

    Raises UserInputError where hardly anything could be rounded: fused experts, or no layer of a fitting width.
    """
    if fused_experts(network):
        raise UserInputError(
            f"training.quantisation_aware is {bits}, but most of the base model's weights are fused experts, which "
            "cannot be trained so: set quantisation_aware: null, or choose a model without experts"
        )
    from torchao.quantization import quantize_
    from torchao.quantization.qat import QATConfig

    names = _rounded(network, bits, new_modules)
    quantize_(network, QATConfig(rounding(bits), step="prepare"), filter_fn=lambda _module, name: name in names)


def unprepare(network: Any) -> None:
    """Make a merged network compute in full precision again, in place."""
    from torchao.quantization import quantize_
    from torchao.quantization.qat import QATConfig

    quantize_(network, QATConfig(step="convert"), filter_fn=lambda module, _name: isinstance(module, torch.nn.Linear))


def converted(network: Any, bits: Bits, new_modules: list[str]) -> Any:
    """A copy of a plain network with its weights really in int8 or int4, which rounds as `prepare` made it."""
    from torchao.quantization import quantize_
    from transformers import TorchAoConfig
    from transformers.quantizers.auto import AutoHfQuantizer

    names = _rounded(network, bits, new_modules)
    quantised = copy.deepcopy(network).eval()
    quantize_(quantised, rounding(bits), filter_fn=lambda _module, name: name in names)
    left = sorted(name for name, module in network.named_modules() if _is_linear(module) and name not in names)
    description = TorchAoConfig(rounding(bits), modules_to_not_convert=left)
    quantised.config.quantization_config = description
    quantised.hf_quantizer = AutoHfQuantizer.from_config(description)
    return quantised


def convert_and_measure(
    network: Any, bits: Bits, new_modules: list[str], validation_loss: Callable[[Any], float], folder: Path
) -> dict[str, float]:
    """Write the converted model to `folder/quantised` and say what conversion cost and saved.

    `network` is merged and plain, and stands in `folder` already. `validation_loss` gives a network's mean loss in
    nats. The figures: `unquantised_validation_loss` and `quantised_validation_loss`; `bytes` and `quantised_bytes` of
    the two models' weight files; `quantised_share`, the share of parameters that are held in int8 or int4. (torchao's
    format keeps an int4 in a byte of its own; runtimes that it is lowered to pack two.)
    """
    quantised = converted(network, bits, new_modules)
    names = _rounded(network, bits, new_modules)
    held = sum(network.get_submodule(name).weight.numel() for name in names)
    quantised.save_pretrained(folder / FOLDER)
    return {
        "unquantised_validation_loss": validation_loss(network),
        "quantised_validation_loss": validation_loss(quantised),
        "bytes": float(_weight_bytes(folder)),
        "quantised_bytes": float(_weight_bytes(folder / FOLDER)),
        "quantised_share": held / sum(parameter.numel() for parameter in network.parameters()),
    }


def rounding(bits: Bits) -> Any:
    """torchao's config of how weights and activations are rounded."""
    from torchao.quantization import Int8DynamicActivationIntxWeightConfig, PerAxis, PerGroup

    if bits == "int8":
        return Int8DynamicActivationIntxWeightConfig(weight_dtype=torch.int8, weight_granularity=PerAxis(0))
    return Int8DynamicActivationIntxWeightConfig(weight_dtype=torch.int4, weight_granularity=PerGroup(GROUP))


def _rounded(network: Any, bits: Bits, new_modules: list[str]) -> set[str]:
    """Names of the layers whose weights are rounded. Raises UserInputError where there is none."""
    linears = {name: network.get_submodule(name) for name in adaptable_linears(network, new_modules)}
    names = {
        name
        for name, module in linears.items()
        if _is_linear(module) and (bits == "int8" or module.in_features % GROUP == 0)
    }
    if not names:
        raise UserInputError(
            f"training.quantisation_aware is {bits}, but the base model has no linear layer that could be rounded so "
            f"(their widths must be multiples of {GROUP} for int4): set quantisation_aware to int8 or null"
        )
    return names


def _is_linear(module: Any) -> bool:
    return isinstance(module, torch.nn.Linear)


def _weight_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))
