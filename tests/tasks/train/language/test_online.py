"""RLOO and GRPO raise the reward that they are given, and go on after a kill with the answers they would have drawn."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from tasks.errors import UserInputError
from tasks.train.language import trainers
from tasks.train.language.online import check_rewards, run_online
from tasks.train.language.online_trainers import OurGRPO, OurRLOO, PromptSampler
from tasks.train.language.reward import run_reward
from tasks.train.language.stage_figures import stage_figures
from tasks.train.language.work import StageWork
from tasks.train.stage_kinds import RlooStage
from tests.tasks.train.language.conftest import Events, MakeWork

ONLINE = {
    "rewards": [{"kind": "json_schema"}],
    "generations": 8,
    "max_answer_tokens": 1,
    "learning_rate": 3e-2,
    "beta": 0.01,
}
"""Rewards JSON in one token: a random model writes a digit once in thirty answers."""


def work_of(make_work: MakeWork, kind: str, *, adapters: bool = False, **changes: Any) -> StageWork:
    work = make_work("instruction", **({"stages": [{"kind": kind, **ONLINE}], "epochs": 3, "max_tokens": 48} | changes))
    network = AutoModelForCausalLM.from_pretrained(work.plan.base_model, dtype="float32")
    if adapters:
        torch.manual_seed(5)
        network = get_peft_model(network, LoraConfig(task_type="CAUSAL_LM", r=8, target_modules="all-linear"))
    return StageWork(**{**vars(work), "network": network})


@pytest.mark.parametrize("kind", ["rloo", pytest.param("grpo", marks=pytest.mark.slow)])
def test_a_rule_raises_the_mean_reward(make_work: MakeWork, kind: str) -> None:
    work = work_of(make_work, kind, epochs=7, batch_size=4)
    found = stage_figures(kind, run_online(work))
    assert found[f"{kind}_reward_before"] < 0.2
    assert found[f"{kind}_reward"] > found[f"{kind}_reward_before"] + 0.3


def test_a_reward_model_is_what_a_policy_is_trained_against(make_work: MakeWork) -> None:
    stages = ["reward", {"kind": "rloo", **ONLINE, "rewards": [{"kind": "reward_model", "weight": 2}]}]
    run_reward(make_work("preference", stages=stages, epochs=1))
    work = make_work("preference", stage=1, stages=stages, epochs=1)
    log = run_online(work)
    scores = [entry["rewards/reward_model/mean"] for entry in log if "rewards/reward_model/mean" in entry]
    assert [entry["reward"] for entry in log if "reward" in entry] == pytest.approx([2 * score for score in scores])
    assert scores


class Killed(BaseException):
    """Stands for a SIGKILL: nothing catches it."""


@pytest.mark.parametrize(
    ("kind", "adapters"),
    [pytest.param("rloo", True, id="rloo-lora"), pytest.param("grpo", False, id="grpo-full", marks=pytest.mark.slow)],
)
def test_a_killed_stage_goes_on_with_the_same_answers_and_losses(
    make_work: MakeWork, kind: str, adapters: bool, monkeypatch: pytest.MonkeyPatch, events: Events
) -> None:
    def work(code: str) -> StageWork:
        return work_of(make_work, kind, adapters=adapters, code=code, epochs=2, evaluations_per_epoch=3)

    monkeypatch.setattr(trainers, "TOKENS_AT_ONCE", 16 * 49)
    whole = run_online(work("whole"))
    trainer = {"rloo": OurRLOO, "grpo": OurGRPO}[kind]
    step = trainer.training_step

    def deadly(self: Any, *arguments: Any) -> Any:
        # In the middle of a step of several passes, in the middle of an epoch.
        if self._step == 4 * 4 + 2:
            raise Killed
        return step(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "training_step", deadly)
        with pytest.raises(Killed):
            run_online(work("killed"))
    resumed = run_online(work("killed"))
    assert "goes on from step 4 of 6" in [event.get("message") for event in events]
    assert curve(resumed) == curve(whole)


def curve(log: list[dict[str, float]]) -> list[tuple[float, ...]]:
    keys = ("step", "loss", "grad_norm", "reward", "kl", "entropy", "num_tokens", "eval_reward", "eval_kl", "eval_loss")
    return [tuple(entry[key] for key in keys if key in entry) for entry in log if len(entry) > 2]


@pytest.mark.parametrize("adapters", [True, False], ids=["lora", "full"])
def test_the_policy_is_held_to_the_model_that_the_stage_found(make_work: MakeWork, adapters: bool) -> None:
    work = work_of(make_work, "rloo", adapters=adapters, epochs=1)
    with torch.no_grad():
        for weights in work.network.parameters():
            if weights.requires_grad:
                weights.add_(0.05 * torch.randn_like(weights))
    log = run_online(work)
    before = next(entry for entry in log if "eval_kl" in entry)
    assert before["step"] == 0
    assert before["eval_kl"] == pytest.approx(0, abs=1e-5), "the reference is not the model that the stage found"
    assert list(getattr(work.network, "peft_config", {"default": None})) == ["default"]


def test_prompts_come_in_whole_groups_and_in_another_order_each_epoch() -> None:
    sampler = PromptSampler(prompts=7, prompts_each=3, generations=2, passes=2, seed=1)
    orders = []
    for epoch in (0, 1, 0):
        sampler.set_epoch(epoch)
        orders.append(list(sampler))
    assert orders[0] == orders[2] != orders[1]
    assert len(orders[0]) == len(sampler) == 24
    step = orders[0][:6]
    assert step[0::2] == step[1::2], "answers to one prompt do not stand together"
    assert orders[0][6:12] == step, "the passes of a step do not share its prompts"


def test_rewards_that_could_never_be_earned_are_refused_before_anything_is_trained() -> None:
    rows = {"train": pd.DataFrame({"id": ["a", "b"], "answer": ["#### 3", None]})}
    exact = {"kind": "exact_answer", "pattern": "#### (.+)"}
    with pytest.raises(UserInputError, match=r"1 of 2 rows of the train split have none that .* \(ids b\)"):
        check_rewards(RlooStage.model_validate({"rewards": [exact]}), rows)
    with pytest.raises(UserInputError, match="no regular expression"):
        check_rewards(RlooStage.model_validate({"rewards": [{**exact, "pattern": "("}]}), rows)
    with pytest.raises(UserInputError, match="cannot be read"):
        check_rewards(
            RlooStage.model_validate({"rewards": [{"kind": "json_schema", "schema_file": "nowhere.json"}]}), rows
        )
