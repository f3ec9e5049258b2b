"""Adapters sit on all linear layers but the head and what routes, and merging them changes nothing that is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from tasks.errors import UserInputError
from tasks.train.steering import load_weights
from tasks.train.technique_kinds import FewShotTechnique, LoraTechnique
from tasks.train.techniques.apply import apply_technique, merge_adapters
from tests.tasks.train.techniques.networks import (
    CONFIGS,
    MIXTURES,
    TEXTS,
    disturb,
    furthest,
    logits,
    make,
    new_modules,
    trained,
)

PLAIN = [kind for kind in CONFIGS if kind not in MIXTURES]


def adapted(kind: str, **options: Any) -> Any:
    """A network of this kind with adapters."""
    return apply_technique(make(kind), LoraTechnique(rank=4, **options), new_modules(kind))


@pytest.mark.parametrize(
    ("kind", "options"),
    [(kind, {}) for kind in CONFIGS]
    + [(kind, {"rank_stabilised": True}) for kind in ("bert", "qwen3_moe")]
    + [(kind, {"dora": True}) for kind in PLAIN],
)
def test_merging_gives_the_plain_network_with_the_same_answers(kind: str, options: dict[str, bool]) -> None:
    base = make(kind)
    network = adapted(kind, **options)
    assert furthest(logits(network), logits(base)) < 1e-5
    disturb(network)
    changed = logits(network)
    assert furthest(changed, logits(base)) > 1e-2
    merged = merge_adapters(network)
    assert type(merged) is type(base)
    assert merged.state_dict().keys() == base.state_dict().keys()
    assert furthest(logits(merged), changed) < 5e-5


@pytest.mark.parametrize("kind", CONFIGS)
def test_every_adapter_is_heard_and_no_router_or_head_has_one(kind: str) -> None:
    network = adapted(kind)
    disturb(network)
    network(input_ids=TEXTS).logits.sum().backward()
    silent = [n for n, p in network.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())]
    assert silent == []
    parts = {part for name in trained(network) if "lora_" in name for part in name.split(".")}
    assert not parts & {"lm_head", "router", "gate", "score", "embed_tokens"}


@pytest.mark.parametrize("kind", MIXTURES)
def test_lora_reaches_every_expert(kind: str) -> None:
    network = adapted(kind)
    experts = [module for name, module in network.named_modules() if name.endswith(".experts")]
    assert experts
    assert all(len(module.lora_chosen["default"]) == module.get_base_layer().num_experts for module in experts)


@pytest.mark.parametrize("kind", ["bert", "qwen3", "qwen3_moe"])
def test_few_shot_fine_tuning_trains_what_lora_trains(kind: str) -> None:
    few = apply_technique(make(kind), FewShotTechnique(rank=4), new_modules(kind))
    assert trained(few) == trained(adapted(kind))


def test_dora_on_fused_experts_is_refused() -> None:
    with pytest.raises(UserInputError, match=r"technique\.dora is true, but .* set dora: false"):
        adapted("mixtral", dora=True)


@pytest.mark.parametrize("kind", ["bert", "qwen3", "qwen3_moe"])
def test_a_checkpoint_holds_adapters_alone_and_is_loaded_by_steering(kind: str, tmp_path: Path) -> None:
    network = adapted(kind)
    disturb(network)
    expected = logits(network)
    network.save_pretrained(tmp_path)
    saved = load_file(tmp_path / "adapter_model.safetensors")
    assert all(".lora_" in name or "classifier" in name for name in saved)
    another = adapted(kind)
    load_weights(another, tmp_path)
    assert furthest(logits(another), expected) == 0


@pytest.mark.parametrize("kind", ["qwen3", "mixtral"])
def test_a_second_adapter_for_reference_is_dropped_when_merging(kind: str) -> None:
    network = adapted(kind)
    disturb(network)
    reference = logits(network)
    network.add_adapter("ref", network.peft_config["default"])
    for name, parameter in network.named_parameters():
        if ".default." in name:
            network.get_parameter(name.replace(".default.", ".ref.")).data.copy_(parameter.data)
    disturb(network, seed=6)
    now = logits(network)
    network.set_adapter("ref")
    assert furthest(logits(network), reference) == 0
    assert furthest(logits(merge_adapters(network)), now) < 5e-5
