"""The technique `qlora`: a base in 4-bit NormalFloat with double quantisation, under adapters (arXiv:2305.14314)."""

from __future__ import annotations

import importlib.util
from typing import Any

import torch

from tasks.errors import UserInputError
from tasks.train.technique_kinds import QloraTechnique, Technique


def quantised_loading(technique: Technique) -> dict[str, Any]:
    """What `from_pretrained` needs beyond the usual, so that the base comes in 4 bits; nothing but for QLoRA.

    Raises UserInputError where there is no CUDA device or bitsandbytes is not installed.
    """
    if not isinstance(technique, QloraTechnique):
        return {}
    if not torch.cuda.is_available():
        raise UserInputError(
            "training.technique is qlora, which needs a CUDA device, and this machine shows none: choose the technique "
            "lora, which runs anywhere, or train on a machine with a GPU"
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise UserInputError(
            "training.technique is qlora, which needs the package bitsandbytes: pip install 'refit[gpu]', or choose "
            "the technique lora"
        )
    from accelerate import PartialState

    return {"quantization_config": four_bits(), "device_map": {"": PartialState().local_process_index}}


def four_bits() -> Any:
    """transformers' config for NF4 with double quantisation, computing in bfloat16 where the device knows it."""
    from transformers import BitsAndBytesConfig

    bfloat16 = not torch.cuda.is_available() or torch.cuda.is_bf16_supported()
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if bfloat16 else torch.float16,
    )


def ready_for_adapters(network: Any) -> Any:
    """The 4-bit network, frozen, with what is not in 4 bits (norms, embeddings, head) in float32, as the paper has it.

    Raises UserInputError where the network was not loaded with `quantised_loading`.
    """
    from peft import prepare_model_for_kbit_training

    if not getattr(network, "is_loaded_in_4bit", False):
        raise UserInputError(
            "training.technique is qlora, but the base model was not loaded in 4 bits, which only language models "
            "are: choose the technique lora"
        )
    return prepare_model_for_kbit_training(network, use_gradient_checkpointing=False)


def dequantised(network: Any) -> None:
    """Put a full-precision layer, and plain LoRA around it, in the place of every 4-bit layer; nothing where none is.

    PEFT's own merge rounds the sum of weight and update to 4 bits again, which is not the function that was trained;
    here the sum is taken in full precision, of the values that the 4 bits stand for.
    """
    if not getattr(network.get_base_model(), "is_loaded_in_4bit", False):
        return
    from bitsandbytes.functional import dequantize_4bit
    from bitsandbytes.nn import Linear4bit
    from peft.tuners.lora.layer import Linear as LoraLinear

    for name, module in list(network.named_modules()):
        if isinstance(module, Linear4bit):
            plain = torch.nn.Linear(module.in_features, module.out_features, bias=False, device="meta")
            weight = dequantize_4bit(module.weight.data, module.weight.quant_state).to(torch.float32)
            plain.weight = torch.nn.Parameter(weight, requires_grad=False)
            plain.bias = module.bias
            network.set_submodule(name, plain)
    for module in network.modules():
        if hasattr(module, "lora_A") and isinstance(getattr(module, "base_layer", None), torch.nn.Linear):
            module.__class__ = LoraLinear
            module.fan_in_fan_out = False
    _forget_quantisation(network.get_base_model())


def _forget_quantisation(network: Any) -> None:
    """Take away what says that the network is quantised, so that it is saved as a plain one."""
    network.hf_quantizer = None
    network.is_loaded_in_4bit = network.is_quantized = False
    network.quantization_method = None
    for config in (network.config, network.config.get_text_config()):
        if hasattr(config, "quantization_config"):
            del config.quantization_config
