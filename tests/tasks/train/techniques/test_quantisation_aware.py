"""What is rounded while training is what is stored at the end, and training with it costs less at conversion."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from tasks.errors import UserInputError
from tasks.train.technique_kinds import FullTechnique, LoraTechnique, Technique
from tasks.train.techniques.apply import apply_technique, merge_adapters
from tasks.train.techniques.quantisation_aware import Bits, convert_and_measure, converted, prepare, unprepare
from tests.tasks.train.techniques.networks import TEXTS, disturb, furthest, logits, make

ADAPTERS = LoraTechnique(rank=4, dropout=0)


@pytest.fixture(autouse=True)
def few_threads() -> None:
    torch.set_num_threads(1)


def loss_of(network: Any, rows: torch.Tensor = TEXTS) -> float:
    """Mean cross-entropy in nats."""
    with torch.inference_mode():
        return float(network(input_ids=rows, labels=rows).loss)


@pytest.mark.parametrize("kind", ["qwen3", "mamba"])
@pytest.mark.parametrize("technique", [ADAPTERS, FullTechnique()], ids=lambda technique: technique.kind)
@pytest.mark.parametrize("bits", ["int8", "int4"])
def test_the_converted_model_is_the_function_that_was_trained(bits: Bits, technique: Technique, kind: str) -> None:
    network = make(kind)
    prepare(network, bits, [])
    network = apply_technique(network, technique, [])
    disturb(network)
    trained = logits(network)
    merged = merge_adapters(network)
    assert furthest(logits(merged), trained) == 0
    unprepare(merged)
    assert {type(module) for module in merged.modules() if isinstance(module, torch.nn.Linear)} == {torch.nn.Linear}
    assert furthest(logits(merged), trained) > 1e-3
    assert furthest(logits(converted(merged, bits, [])), trained) < 1e-5


def test_every_adapter_learns_through_the_rounding() -> None:
    network = make("qwen3")
    prepare(network, "int4", [])
    network = apply_technique(network, ADAPTERS, [])
    disturb(network)
    network(input_ids=TEXTS, labels=TEXTS).loss.backward()
    assert all(p.grad is not None and p.grad.any() for p in network.parameters() if p.requires_grad)


@pytest.mark.parametrize("bits", ["int8", "int4"])
def test_the_quantised_folder_is_smaller_measured_and_loaded_by_the_auto_class(bits: Bits, tmp_path: Path) -> None:
    network = make("qwen3")
    network.save_pretrained(tmp_path)
    figures = convert_and_measure(network, bits, [], loss_of, tmp_path)
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "quantised")
    assert loss_of(again) == pytest.approx(figures["quantised_validation_loss"], abs=1e-6)
    assert figures["unquantised_validation_loss"] == pytest.approx(loss_of(network))
    assert figures["quantised_validation_loss"] != figures["unquantised_validation_loss"]
    assert figures["bytes"] == (tmp_path / "model.safetensors").stat().st_size
    assert figures["quantised_bytes"] == (tmp_path / "quantised" / "model.safetensors").stat().st_size
    assert figures["quantised_bytes"] < 0.6 * figures["bytes"]
    assert 0.8 < figures["quantised_share"] < 1


def test_head_embeddings_and_new_modules_are_not_rounded() -> None:
    network = make("bert")
    prepare(network, "int8", ["classifier"])
    kinds = {name: type(module).__name__ for name, module in network.named_modules()}
    assert kinds["bert.encoder.layer.0.attention.self.query"] == "FakeQuantizedLinear"
    assert kinds["classifier"] == "Linear"
    language = make("qwen3")
    prepare(language, "int8", [])
    assert type(language.lm_head) is torch.nn.Linear


def test_fused_experts_are_refused() -> None:
    with pytest.raises(UserInputError, match="most of the base model's weights are fused experts"):
        prepare(make("mixtral"), "int8", [])


def chains(seed: int, rows: int, factor: int) -> torch.Tensor:
    """Rows of nine numbers, each of which is the one before it times `factor`, modulo 61."""
    numbers = [torch.randint(1, 61, (rows,), generator=torch.Generator().manual_seed(seed))]
    for _ in range(8):
        numbers.append(numbers[-1] * factor % 61)
    return torch.stack(numbers, dim=1)


def train(network: Any, seed: int, steps: int, factor: int) -> None:
    """Teach the network chains."""
    optimiser = torch.optim.AdamW([p for p in network.parameters() if p.requires_grad], lr=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    network.train()
    for step in range(steps):
        rows = chains(seed * 1000 + step, 32, factor)
        optimiser.zero_grad()
        network(input_ids=rows, labels=rows).loss.backward()
        optimiser.step()
        schedule.step()
    network.eval()


@pytest.mark.slow
def test_a_model_that_was_trained_for_it_loses_less_when_converted() -> None:
    validation = chains(999_999, 64, factor=5)
    for seed in (1, 2, 3):
        torch.manual_seed(seed)
        base = AutoModelForCausalLM.from_config(make("qwen3").config)
        train(base, seed, 100, factor=3)
        losses, costs = dict[bool, float](), dict[bool, float]()
        for aware in (False, True):
            network = copy.deepcopy(base)
            if aware:
                prepare(network, "int4", [])
            network = apply_technique(network, LoraTechnique(rank=8, dropout=0), [])
            train(network, seed + 50, 150, factor=5)
            merged = merge_adapters(network)
            unprepare(merged)
            losses[aware] = loss_of(converted(merged, "int4", []), validation)
            costs[aware] = losses[aware] - loss_of(merged, validation)
        assert losses[True] < losses[False], f"seed {seed}: {losses}"
        assert costs[True] < 0.2 * costs[False], f"seed {seed}: {costs}"
