"""DPO begins with the model that supervised fine-tuning left, is held to it, and survives a kill to the bit."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from tasks.train.language.dpo import ReferencedTrainer, run_dpo
from tasks.train.language.stage_figures import stage_figures
from tasks.train.language.work import StageWork
from tests.tasks.train.language.conftest import Events, MakeWork

STAGES = ["sft", {"kind": "dpo", "learning_rate": 5e-3}]


def tuned(work: StageWork, adapters: bool) -> Any:
    """The work's base model as an earlier stage may have left it: other weights than those of the base."""
    torch.manual_seed(3)
    network = AutoModelForCausalLM.from_pretrained(work.plan.base_model, dtype="float32")
    if adapters:
        network = get_peft_model(network, LoraConfig(task_type="CAUSAL_LM", r=4, target_modules="all-linear"))
    with torch.no_grad():
        for weights in network.parameters():
            if weights.requires_grad:
                weights.add_(0.05 * torch.randn_like(weights))
    return network


def dpo_work(make_work: MakeWork, *, adapters: bool = True, **changes: Any) -> StageWork:
    work = make_work("preference", stage=1, **({"stages": STAGES, "epochs": 2} | changes))
    return StageWork(**{**vars(work), "network": tuned(work, adapters)})


@pytest.mark.parametrize("adapters", [True, False], ids=["lora", "full"])
def test_the_margin_rises_and_the_reference_is_the_model_that_the_stage_found(
    make_work: MakeWork, adapters: bool
) -> None:
    work = dpo_work(make_work, adapters=adapters)
    log = run_dpo(work)
    first = next(entry for entry in log if "loss" in entry)
    assert first["loss"] == pytest.approx(math.log(2), abs=1e-5), "the policy differs from its reference at the start"
    assert first["rewards/margins"] == pytest.approx(0, abs=1e-4)
    found = stage_figures("dpo", log)
    assert found["dpo_margin"] > 0.15
    assert found["dpo_reward_accuracy"] == 1.0
    assert found["dpo_validation_loss"] < 0.62


def test_the_network_is_left_with_its_own_adapter_and_dropout_and_forward(make_work: MakeWork) -> None:
    work = dpo_work(make_work, epochs=1)
    for module in work.network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.25
    run_dpo(work)
    assert list(work.network.peft_config) == ["default"]
    assert "forward" not in work.network.get_base_model().__dict__
    assert {module.p for module in work.network.modules() if isinstance(module, torch.nn.Dropout)} <= {0.25}
    checkpoints = list((work.folder / "checkpoints").iterdir())
    assert checkpoints
    assert not any((checkpoint / "ref").exists() for checkpoint in checkpoints), "a checkpoint holds TRL's adapter"


class Killed(BaseException):
    """Stands for a SIGKILL: nothing catches it."""


@pytest.mark.parametrize("adapters", [True, False], ids=["lora", "full"])
def test_a_killed_stage_goes_on_with_the_same_losses_and_without_a_second_reference(
    make_work: MakeWork, adapters: bool, monkeypatch: pytest.MonkeyPatch, events: Events
) -> None:
    def work(code: str) -> StageWork:
        return dpo_work(make_work, adapters=adapters, code=code)

    whole = run_dpo(work("whole"))
    killed = work("killed")
    step = ReferencedTrainer.training_step

    def deadly(self: Any, *arguments: Any) -> Any:
        if self.state.global_step == 4:
            raise Killed
        return step(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(ReferencedTrainer, "training_step", deadly)
        with pytest.raises(Killed):
            run_dpo(killed)

    def refuse(*_: Any) -> None:
        raise AssertionError("the reference was computed again")

    monkeypatch.setattr(ReferencedTrainer, "_reference_of", refuse)
    resumed = run_dpo(work("killed"))
    assert "goes on from step 3 of 6" in [event.get("message") for event in events]
    assert curve(resumed) == curve(whole)


def curve(log: list[dict[str, float]]) -> list[tuple[float, ...]]:
    keys = ("step", "loss", "eval_loss", "rewards/margins", "eval_rewards/margins", "grad_norm")
    return [tuple(entry[key] for key in keys if key in entry) for entry in log if len(entry) > 2]
