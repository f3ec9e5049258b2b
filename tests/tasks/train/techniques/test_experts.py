"""Adapters on the experts to which rows are routed most, and on nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tasks.errors import UserInputError
from tasks.train.steering import load_weights
from tasks.train.technique_kinds import ExpertLoraTechnique, LoraTechnique
from tasks.train.techniques.adapters import add_expert_lora
from tasks.train.techniques.apply import apply_technique, merge_adapters
from tasks.train.techniques.experts import Chosen, experts_for, first_experts
from tests.tasks.train.techniques.networks import (
    MIXTURES,
    TEXTS,
    batches,
    disturb,
    furthest,
    logits,
    make,
    trained,
)

LAYERS = ("model.layers.0.mlp.experts", "model.layers.1.mlp.experts")


def routed_to(network: Any, experts: tuple[int, int], words: tuple[int, int]) -> None:
    """Let the first layer's router send the first word to the first expert, and the second to the second."""
    with torch.no_grad():
        states: dict[str, torch.Tensor] = {}
        block = network.model.layers[0].mlp
        handle = block.register_forward_pre_hook(lambda _module, inputs: states.update(of=inputs[0][0].clone()))
        network(input_ids=torch.tensor([words]))
        handle.remove()
        block.gate.weight.zero_()
        for expert, state in zip(experts, states["of"], strict=True):
            block.gate.weight[expert] = state * 10


@pytest.mark.parametrize("kind", MIXTURES)
def test_only_chosen_experts_are_trained(kind: str) -> None:
    network = make(kind)
    before = {name: parameter.clone() for name, parameter in network.named_parameters()}
    network = apply_technique(network, ExpertLoraTechnique(rank=4, share=0.5), [], batches())
    assert all(".experts.lora_" in name for name in trained(network))
    chosen = {
        name.removeprefix("base_model.model."): module.lora_chosen["default"].tolist()
        for name, module in network.named_modules()
        if name.endswith(".experts")
    }
    disturb(network)
    for name, parameter in merge_adapters(network).named_parameters():
        moved = {e for e in range(len(parameter)) if not torch.equal(parameter[e], before[name][e])}
        block = name.rpartition(".")[0]
        expected = chosen.get(block, []) if name.endswith("_proj") else []
        assert moved == set(expected), name


def test_the_experts_that_rows_are_routed_to_are_chosen() -> None:
    network = make("qwen3_moe")
    routed_to(network, experts=(5, 2), words=(10, 20))
    tens, twenties = torch.full((2, 1), 10), torch.full((2, 1), 20)
    assert 5 in experts_for(network, batches(tens), share=0.125)[LAYERS[0]]
    assert experts_for(network, batches(twenties), share=0.125)[LAYERS[0]] == (2,)


def test_padding_does_not_choose_experts() -> None:
    network = make("qwen3_moe")
    routed_to(network, experts=(5, 2), words=(10, 20))
    padded = {"input_ids": torch.tensor([[10, 20, 20, 20]]), "attention_mask": torch.tensor([[1, 0, 0, 0]])}
    assert experts_for(network, [padded], share=0.125)[LAYERS[0]] == (5,)


def test_the_share_is_rounded_down_to_at_least_one() -> None:
    network = make("qwen3_moe")
    assert [len(first_experts(network, share)[LAYERS[0]]) for share in (0.01, 0.3, 0.5, 1)] == [1, 2, 4, 8]
    assert {len(found) for found in experts_for(network, batches(), 0.3).values()} == {2}


def test_choosing_leaves_the_network_as_it_was() -> None:
    network = make("mixtral").train()
    experts_for(network, batches(), 0.5)
    assert network.training
    assert not network.model.layers[0].mlp.experts._forward_pre_hooks


def test_a_checkpoint_goes_back_to_the_experts_that_it_came_from(tmp_path: Path) -> None:
    def with_adapters(chosen: Chosen) -> Any:
        return add_expert_lora(make("qwen3_moe"), ExpertLoraTechnique(rank=4), chosen, [])

    network = with_adapters({LAYERS[0]: (1, 6), LAYERS[1]: (0, 3)})
    disturb(network)
    network.save_pretrained(tmp_path)
    another = with_adapters({LAYERS[0]: (0, 1), LAYERS[1]: (4, 5)})
    load_weights(another, tmp_path)
    assert furthest(logits(another), logits(network)) == 0
    resumed = with_adapters({LAYERS[0]: (0, 1), LAYERS[1]: (4, 5)})
    # So does the Trainer when it goes on.
    resumed.load_adapter(tmp_path, "default", is_trainable=True)
    assert furthest(logits(resumed), logits(network)) == 0
    assert trained(resumed) == trained(network)
    assert furthest(logits(merge_adapters(another)), logits(network)) < 5e-5


def test_disabled_adapters_give_the_base_and_dropout_only_disturbs_training() -> None:
    network = apply_technique(make("qwen3_moe"), LoraTechnique(rank=4, dropout=0.5), [])
    disturb(network)
    assert furthest(logits(network), logits(network)) == 0
    with network.disable_adapter():
        assert furthest(logits(network), logits(make("qwen3_moe"))) == 0
    experts = network.get_submodule(f"base_model.model.{LAYERS[0]}").train()
    routing = torch.tensor([[0, 1]]), torch.tensor([[0.5, 0.5]])
    states = torch.ones(1, 32)
    assert furthest(experts(states, *routing), experts(states, *routing)) > 0


def test_a_model_without_experts_is_refused() -> None:
    with pytest.raises(UserInputError, match="expert_lora, but the base model has no experts .* choose lora"):
        apply_technique(make("qwen3"), ExpertLoraTechnique(), [], batches())


def test_no_rows_to_choose_by_is_refused() -> None:
    with pytest.raises(UserInputError, match="needs rows to choose experts by, but none came"):
        apply_technique(make("mixtral"), ExpertLoraTechnique(), [], [])


def test_no_more_tokens_are_looked_at_than_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.train.techniques.experts.SAMPLE_TOKENS", 2 * TEXTS.numel())
    drawn: list[int] = []

    def endless() -> Any:
        while True:
            drawn.append(1)
            yield {"input_ids": TEXTS}

    experts_for(make("mixtral"), endless(), 0.5)
    assert len(drawn) == 3
