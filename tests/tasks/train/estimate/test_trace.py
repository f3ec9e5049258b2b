"""A step without content takes what the real one takes: the same arithmetic, and the same memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoModelForCausalLM
from trl.trainer.utils import add_fused_lm_head

from tasks.models.classifier_network import classifier_from_base
from tasks.train.estimate.kernels import ALSO_COUNTED
from tasks.train.estimate.network import Network, classifier, language_model
from tasks.train.estimate.steps import Batch, LossOf, loss_of
from tasks.train.estimate.trace import Step, traced_step
from tasks.train.plan import RunPlan
from tasks.train.stage_kinds import AnyStage, ClassifyStage, DpoStage, SftStage
from tasks.train.techniques.apply import apply_technique
from tests.tasks.train.estimate.conftest import MakePlan
from tests.tasks.train.language.tiny_language import make_qwen3
from tests.tasks.train.techniques.networks import make_language_base

SEQUENCES, WIDTH = 4, 48


def answers(packed: bool) -> Batch:
    """Four sequences whose first third is the prompt, each of two packed rows or with padding."""
    ids = torch.randint(0, 50, (SEQUENCES, WIDTH), generator=torch.Generator().manual_seed(0))
    labels = ids.clone()
    labels[:, : WIDTH // 3] = -100
    if packed:
        return {"input_ids": ids, "labels": labels, "position_ids": torch.arange(WIDTH).repeat(SEQUENCES, 1) % 24}
    mask = torch.ones_like(ids)
    mask[0, -5:] = 0
    return {"input_ids": ids, "labels": labels, "attention_mask": mask}


def pairs() -> Batch:
    """Two pairs."""
    batch = answers(packed=False)
    marked = (batch["labels"] != -100).long()
    return {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"], "completion_mask": marked}


def labelled() -> Batch:
    """Four texts and their labels."""
    batch = answers(packed=False)
    labels = torch.tensor([0, 1, 2, 0])
    return {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"], "labels": labels}


def traced(network: Network, stage: AnyStage, batch: Batch, **where: Any) -> Step:
    """The step without content."""
    settings: dict[str, Any] = {"device": "cpu", "mixed": False, **where}
    loss = loss_of(stage, network.module)
    return traced_step(network.fakes, network.module, loss, batch, vocabulary=network.vocabulary, **settings)


def counted_flops(loss: LossOf, batch: Batch) -> int:
    """FLOPs of a real step, by torch's counter."""
    with FlopCounterMode(display=False, custom_mapping=ALSO_COUNTED) as counter:
        loss(batch).backward()
    return int(counter.get_total_flops())


def real_language_model(plan: RunPlan) -> Any:
    """The network of the plan with its weights."""
    network = AutoModelForCausalLM.from_pretrained(plan.base_model)
    add_fused_lm_head(network)
    return apply_technique(network, plan.config.technique, []).train()


@pytest.mark.parametrize("technique", ["full", "lora", "last_layers"])
@pytest.mark.parametrize(
    ("stage", "batch"), [(SftStage(), answers(packed=True)), (DpoStage(), pairs())], ids=["sft", "dpo"]
)
def test_flops_of_attention_are_those_of_a_counted_step(
    stage: AnyStage, batch: Batch, technique: str, tiny_qwen3: Path, plan_for: MakePlan
) -> None:
    chosen = {"kind": technique} | ({"layers": 1} if technique == "last_layers" else {})
    plan = plan_for(tiny_qwen3, technique=chosen)
    counted = counted_flops(loss_of(stage, real_language_model(plan)), batch)
    assert traced(language_model(plan, "cpu"), stage, batch).flops == pytest.approx(counted, rel=0.02)


@pytest.mark.parametrize("technique", ["full", "lora"])
def test_activations_computed_again_cost_arithmetic_and_spare_memory(
    technique: str, tmp_path: Path, plan_for: MakePlan
) -> None:
    batch, stage, base = answers(packed=True), SftStage(), make_qwen3(tmp_path / "deep", num_hidden_layers=8)
    plain, again = (plan_for(base, technique={"kind": technique}, activation_checkpointing=on) for on in (False, True))
    network = real_language_model(again)
    network.activation_checkpointing_enable()
    counted = counted_flops(loss_of(stage, network), batch)
    kept, made_again = (traced(language_model(one, "cpu"), stage, batch) for one in (plain, again))
    assert made_again.flops == pytest.approx(counted, rel=0.02)
    assert made_again.flops > 1.1 * kept.flops
    assert made_again.peak["activations"] < 0.8 * kept.peak["activations"]


@pytest.mark.parametrize("technique", ["full", "lora", "expert_lora"])
@pytest.mark.parametrize("kind", ["qwen3_moe", "mixtral"])
def test_flops_of_experts_are_those_of_a_counted_step(
    kind: str, technique: str, tmp_path: Path, plan_for: MakePlan
) -> None:
    base = make_language_base(tmp_path / kind, kind)
    plan, batch = plan_for(base, technique={"kind": technique}), answers(packed=True)
    network = AutoModelForCausalLM.from_pretrained(base)
    add_fused_lm_head(network)
    network = apply_technique(network, plan.config.technique, [], [{"input_ids": batch["input_ids"]}]).train()
    counted = counted_flops(loss_of(SftStage(), network), batch)
    assert traced(language_model(plan, "cpu"), SftStage(), batch).flops == pytest.approx(counted, rel=0.02)


def test_flops_of_a_state_space_model_are_those_of_a_counted_step(tiny_mamba: Path, plan_for: MakePlan) -> None:
    plan, batch = plan_for(tiny_mamba), answers(packed=False)
    counted = counted_flops(loss_of(SftStage(), real_language_model(plan)), batch)
    assert traced(language_model(plan, "cpu"), SftStage(), batch).flops == pytest.approx(counted, rel=0.02)


def test_an_adapter_spares_the_gradients_of_the_frozen_weights(tiny_qwen3: Path, plan_for: MakePlan) -> None:
    batch = answers(packed=True)
    techniques = ({"kind": "full"}, {"kind": "lora", "rank": 1})
    full, lora = (language_model(plan_for(tiny_qwen3, technique=one), "cpu") for one in techniques)
    assert lora.trainable < full.trainable == full.parameters
    assert traced(lora, SftStage(), batch).flops < traced(full, SftStage(), batch).flops
    assert lora.optimiser_bytes == 8 * lora.trainable


@pytest.mark.parametrize("base", ["tiny_base", "tiny_encoder"])
def test_the_peak_is_what_the_allocator_of_a_real_step_counts(
    base: str, plan_for: MakePlan, request: pytest.FixtureRequest
) -> None:
    place, labels = request.getfixturevalue(base), ("a", "b", "c")
    batch = labelled()
    found = traced(classifier(plan_for(place, "classification", labels), 3, "cpu"), ClassifyStage(), batch)
    network = classifier_from_base(str(place), labels)[0].train()
    assert sum(found.peak.values()) == pytest.approx(allocated_peak(lambda: network(**batch).loss), rel=0.05)


@pytest.mark.parametrize("technique", ["full", "lora"])
def test_the_peak_with_activations_computed_again_is_that_of_a_real_step(
    technique: str, tmp_path: Path, plan_for: MakePlan
) -> None:
    width = 512
    base = make_qwen3(tmp_path / "deep", num_hidden_layers=8, max_position_embeddings=width)
    plan = plan_for(base, technique={"kind": technique}, activation_checkpointing=True)
    ids = torch.randint(0, 50, (2, width), generator=torch.Generator().manual_seed(0))
    labels = ids.clone()
    labels[:, :-8] = -100
    batch = {"input_ids": ids, "labels": labels, "position_ids": torch.arange(width).repeat(2, 1) % 128}
    found = traced(language_model(plan, "cpu"), SftStage(), batch)
    network = real_language_model(plan)
    network.activation_checkpointing_enable()
    loss = loss_of(SftStage(), network)
    assert sum(found.peak.values()) == pytest.approx(allocated_peak(lambda: loss(batch)), rel=0.05)


def allocated_peak(loss: Callable[[], Any]) -> int:
    """Bytes at the fullest moment of a real step, by torch's profiler."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        loss().backward()
    events = profile.profiler.kineto_results.events()
    changes = sorted((event.start_ns(), event.nbytes()) for event in events if event.name() == "[memory]")
    live = highest = 0
    for _, change in changes:
        live += change
        highest = max(highest, live)
    return highest


def test_half_precision_on_a_gpu_takes_less_than_the_cpu(tiny_qwen3: Path, plan_for: MakePlan) -> None:
    plan, batch = plan_for(tiny_qwen3, technique={"kind": "lora"}), answers(packed=True)
    gpu, cpu = language_model(plan, "cuda"), language_model(plan, "cpu")
    assert gpu.weight_bytes < 0.7 * cpu.weight_bytes
    on_gpu = traced(gpu, SftStage(), batch, device="cuda", mixed=True)
    assert on_gpu.peak["activations"] < traced(cpu, SftStage(), batch).peak["activations"]


def test_four_bits_take_a_fraction_of_the_weights(tiny_qwen3: Path, plan_for: MakePlan) -> None:
    sixteen, four = (
        language_model(plan_for(tiny_qwen3, technique={"kind": kind}), "cuda") for kind in ("lora", "qlora")
    )
    assert four.trainable == sixteen.trainable
    frozen = 32 * 32 + 2 * 16 * 32 + 32 * 32 + 3 * 32 * 64
    linear = 2 * frozen
    rest = sixteen.parameters - linear
    assert sixteen.weight_bytes - four.weight_bytes == pytest.approx(linear * (2 - 0.516) - rest * 2, rel=0.05)


@pytest.mark.gpu
@pytest.mark.parametrize("technique", ["full", "lora"])
def test_predicted_memory_is_that_of_a_gpu(technique: str, tmp_path: Path, plan_for: MakePlan) -> None:
    sizes: dict[str, Any] = {
        "vocab_size": 16_000,
        "hidden_size": 512,
        "intermediate_size": 1536,
        "num_hidden_layers": 8,
    }
    heads: dict[str, Any] = {
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 64,
        "max_position_embeddings": 1024,
    }
    plan = plan_for(make_qwen3(tmp_path / "base", **sizes, **heads), technique={"kind": technique})
    width, halves = 512, torch.bfloat16 if technique == "lora" else torch.float32
    ids = torch.randint(0, 16_000, (8, width))
    batch = {"input_ids": ids, "labels": ids.clone(), "position_ids": torch.arange(width).repeat(8, 1)}
    sketch = language_model(plan, "cuda")
    step = traced(sketch, SftStage(), batch, device="cuda", mixed=True)
    predicted = sketch.weight_bytes + sketch.optimiser_bytes + sum(step.peak.values())

    network = AutoModelForCausalLM.from_pretrained(plan.base_model, dtype=halves).cuda()
    add_fused_lm_head(network)
    network = apply_technique(network, plan.config.technique, []).train()
    optimiser = torch.optim.AdamW([one for one in network.parameters() if one.requires_grad], fused=True)
    loss = loss_of(SftStage(), network)
    on_gpu = {name: tensor.cuda() for name, tensor in batch.items()}
    for _ in range(3):
        torch.cuda.reset_peak_memory_stats()
        with torch.autocast("cuda", dtype=torch.bfloat16):
            value = loss(on_gpu)
        value.backward()
        optimiser.step()
        optimiser.zero_grad()
    assert predicted == pytest.approx(torch.cuda.max_memory_allocated(), rel=0.15)
