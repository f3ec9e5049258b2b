"""Supervised fine-tuning of a stage, on a tiny network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from tasks.errors import UserInputError
from tasks.train.history import Log, best_step
from tasks.train.language.outcome import mean_cross_entropy
from tasks.train.language.sft import read_examples, run_sft
from tasks.train.language.work import StageWork
from tasks.train.techniques.apply import check_recomputation

MakeWork = Callable[..., StageWork]
Events = list[dict[str, Any]]
PADDED = {"stages": [{"kind": "sft", "packing": False}]}


def losses(log: Log) -> list[float]:
    return [entry["loss"] for entry in log if "loss" in entry]


def validation_losses(log: Log) -> list[float]:
    return [entry["eval_loss"] for entry in log if "eval_loss" in entry]


def test_a_stage_learns_and_leaves_the_weights_of_its_best_evaluation(make_work: MakeWork) -> None:
    work = make_work(epochs=12, learning_rate=2e-2, early_stopping_patience=12)
    log = run_sft(work)
    assert losses(log)[-1] < 0.7 * losses(log)[0]
    best = next(entry for entry in log if entry["step"] == best_step(log, "eval_loss") and "eval_loss" in entry)
    found = mean_cross_entropy(work.network, read_examples(work, "validation"), work.tokenizer.pad_token_id)
    assert found == pytest.approx(best["eval_loss"], rel=1e-4)


def test_packed_training_follows_the_same_loss_as_training_row_by_row(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks.train.language import sft
    from tasks.train.language.packing import ShuffledSampler

    packed = run_sft(make_work(code="packed", learning_rate=1e-3))
    # The same rows in the same steps, padded: what is left to differ is that rows share sequences.
    monkeypatch.setattr(sft, "LengthGroupedSampler", lambda rows, _batch, seed: ShuffledSampler(len(rows), seed))
    padded = run_sft(make_work(code="padded", learning_rate=1e-3, **PADDED))
    assert losses(packed) == pytest.approx(losses(padded), rel=1e-4)
    assert validation_losses(packed) == pytest.approx(validation_losses(padded), rel=1e-4)


def test_loss_is_the_mean_over_the_tokens_that_carry_any(make_work: MakeWork) -> None:
    work = make_work(batch_size=24, epochs=1, warmup_steps=0)
    pad_id = work.tokenizer.pad_token_id
    expected = mean_cross_entropy(work.network, read_examples(work, "train"), pad_id)
    log = run_sft(work)
    assert losses(log)[0] == pytest.approx(expected, rel=1e-5)
    after = mean_cross_entropy(work.network, read_examples(work, "validation"), pad_id)
    assert validation_losses(log)[-1] == pytest.approx(after, rel=1e-5)


def test_a_step_in_several_passes_is_the_same_step(make_work: MakeWork, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.train.language import work as settings

    whole = run_sft(make_work(code="whole"))
    monkeypatch.setattr(settings, "TOKENS_AT_ONCE", 4 * 96)
    work = make_work(code="parts")
    assert work.passes_per_step == 2
    assert losses(run_sft(work)) == pytest.approx(losses(whole), rel=1e-4)


@pytest.mark.parametrize("technique", [{"kind": "full"}, {"kind": "lora", "dropout": 0.1}], ids=["full", "lora"])
def test_activations_computed_again_change_nothing(make_work: MakeWork, technique: dict[str, Any]) -> None:
    kept = make_work(code="kept", technique=technique)
    again = make_work(code="again", technique=technique, activation_checkpointing=True)
    assert losses(run_sft(again)) == pytest.approx(losses(run_sft(kept)), rel=1e-6)
    assert not again.network.is_activation_checkpointing


def test_a_model_that_cannot_compute_its_activations_again_says_so(tiny_qwen3: Path) -> None:
    network = AutoModelForCausalLM.from_pretrained(tiny_qwen3)
    check_recomputation(network, wanted=True)
    network.supports_gradient_checkpointing = False
    check_recomputation(network, wanted=False)
    with pytest.raises(UserInputError, match="activation_checkpointing is true, but Qwen3ForCausalLM cannot"):
        check_recomputation(network, wanted=True)


def test_a_state_space_model_is_trained_without_packing_and_it_is_said_why(
    make_work: MakeWork, tiny_mamba: Path, events: Events
) -> None:
    log = run_sft(make_work(base_model=str(tiny_mamba), epochs=4, learning_rate=1e-2))
    assert losses(log)[-1] < losses(log)[0]
    notes = [event["message"] for event in events if event["event"] == "note"]
    assert any("mamba lets packed rows see each other" in note for note in notes)


def test_adapters_are_trained_on_a_frozen_base_and_the_network_is_left_as_it_was_found(
    make_work: MakeWork, tiny_qwen3: Path
) -> None:
    base = AutoModelForCausalLM.from_pretrained(tiny_qwen3, dtype="float32")
    network = get_peft_model(base, LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"))
    before = base.model.layers[0].mlp.up_proj.base_layer.weight.clone()
    work = make_work(network=network, epochs=6, learning_rate=2e-2)
    log = run_sft(work)
    assert losses(log)[-1] < losses(log)[0]
    assert torch.equal(before, base.model.layers[0].mlp.up_proj.base_layer.weight)
    assert not base.model._forward_hooks
    assert "forward" not in vars(base)


def test_the_prompt_is_learned_too_where_the_stage_says_so(make_work: MakeWork) -> None:
    work = make_work(stages=[{"kind": "sft", "loss_on": "everything"}])
    assert all(example.supervised.all() for example in read_examples(work, "train"))
    run_sft(work)
