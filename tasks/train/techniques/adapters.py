"""The techniques `lora`, `qlora` and `expert_lora`: low-rank adapters, on whichever modules are named, through PEFT."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.errors import UserInputError
from tasks.train.technique_kinds import ExpertLoraTechnique, LowRankTechnique, QloraTechnique
from tasks.train.techniques.experts import CHOSEN, Chosen, all_experts
from tasks.train.techniques.linears import adaptable_linears

ADAPTER = "default"
AnyLora = LowRankTechnique | QloraTechnique | ExpertLoraTechnique


def add_lora(network: Any, technique: LowRankTechnique | QloraTechnique, new_modules: list[str]) -> Any:
    """The network with frozen weights and adapters on all linear layers but the head, and on all fused experts.

    A router is never adapted. Experts' adapters are plain LoRA: PEFT has no DoRA for them. Raises UserInputError where
    DoRA is asked for on a mixture of experts.
    """
    experts = all_experts(network)
    if experts and isinstance(technique, LowRankTechnique) and technique.dora:
        raise UserInputError(
            "training.technique.dora is true, but the base model's experts are fused matrices, for which there is no "
            "DoRA: set dora: false, or choose a model without experts"
        )
    return _wrapped(network, technique, adaptable_linears(network, new_modules), experts, new_modules)


def add_expert_lora(network: Any, technique: ExpertLoraTechnique, chosen: Chosen, new_modules: list[str]) -> Any:
    """The network with frozen weights, the router's too, and adapters on the chosen experts alone."""
    return _wrapped(network, technique, [], chosen, new_modules)


def _wrapped(network: Any, technique: AnyLora, linears: list[str], experts: Chosen, new_modules: list[str]) -> Any:
    from peft import LoraConfig, TaskType, get_peft_model

    generates = network.get_output_embeddings() is not None
    config = LoraConfig(
        task_type=TaskType.CAUSAL_LM if generates else TaskType.SEQ_CLS,
        r=technique.rank,
        lora_alpha=technique.alpha,
        lora_dropout=getattr(technique, "dropout", 0.0),
        use_rslora=getattr(technique, "rank_stabilised", False),
        use_dora=getattr(technique, "dora", False),
        target_modules=[*linears, *experts],
        modules_to_save=new_modules or None,
    )
    custom = _our_layers(network, linears, experts)
    if custom:
        config._register_custom_module(custom)
    return get_peft_model(network, config, adapter_name=ADAPTER)


def _our_layers(network: Any, linears: list[str], experts: Chosen) -> Mapping[type[Any], type[Any]]:
    """Which of our adapter layers PEFT is to use for which modules: those that it has no right layer for."""
    layers: dict[type[Any], type[Any]] = {}
    for name, chosen in experts.items():
        from tasks.train.techniques.expert_adapters import ExpertAdapters

        module = network.get_submodule(name)
        setattr(module, CHOSEN, chosen)
        layers[type(module)] = ExpertAdapters
    if any(hasattr(network.get_submodule(name), "weight_fake_quantizer") for name in linears):
        from torchao.quantization.qat.linear import FakeQuantizedLinear

        from tasks.train.techniques.quantised_lora import QuantisationAwareLora

        layers[FakeQuantizedLinear] = QuantisationAwareLora
    return layers
