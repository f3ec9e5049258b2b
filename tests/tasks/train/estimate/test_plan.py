"""The whole plan, made in a process of its own and kept in the store, before anything is trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import UserInputError
from tasks.records import Advice, DatasetRef
from tasks.store import fetch
from tasks.train.budget_config import without_budget
from tasks.train.config import TrainingConfig
from tasks.train.estimate.plan import hold_to_budget, make_plan
from tasks.train.estimate.record import Estimate
from tests.tasks.train.estimate.test_judgement import ENOUGH
from tests.tasks.train.language.tiny_language import make_language_dataset
from tests.tasks.train.techniques.networks import make_language_base

Config = Callable[..., TrainingConfig]


def planned(dataset: DatasetRef, config: TrainingConfig) -> tuple[Any, Estimate, str]:
    """The plan, its estimate, and its page."""
    advice: Advice = ENOUGH.model_copy(update={"dataset_digest": dataset.digest})
    plan = make_plan(dataset, advice, config)
    report = fetch(plan) / "report"
    estimate = Estimate.model_validate_json((report / "plan.json").read_bytes())
    return plan, estimate, (report / "plan.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_classifier_is_planned_on_its_real_batches_and_timed_on_this_machine(
    dataset: DatasetRef, tiny_config: Config
) -> None:
    plan, estimate, page = planned(dataset, tiny_config(epochs=2))
    (stage,) = estimate.stages
    assert (stage.kind, stage.rows, stage.steps) == ("classify", 48, 6)
    assert stage.largest_batch[0] == 16
    assert stage.tokens <= stage.padded_tokens < 2 * stage.tokens
    assert estimate.device.measured is not None
    assert plan.figures["flops"] == stage.flops > 0
    assert stage.memory.runtime > 100_000_000 > stage.memory.weights > 0
    assert "only 6 steps" in page


@pytest.mark.slow
def test_a_named_device_is_planned_for_without_one_and_a_budget_stops_the_run(
    dataset: DatasetRef, tiny_config: Config
) -> None:
    budget = {"device": "L4", "price_per_hour": 1, "max_cost": 1e-12}
    config = tiny_config(epochs=2, budget=budget)
    plan, estimate, page = planned(dataset, config)
    assert estimate.device.measured is None
    assert estimate.stages[0].memory.runtime == 0
    assert "Beyond the budget" in page
    with pytest.raises(UserInputError, match="more than training.budget.max_cost allows"):
        hold_to_budget(plan)
    assert without_budget(config) == without_budget(config.model_copy(update={"budget": tiny_config().budget}))


@pytest.mark.slow
def test_passes_over_changed_embeddings_and_the_training_that_tells_their_price_are_planned(
    dataset: DatasetRef, tiny_config: Config
) -> None:
    named = {"epochs": 1, "budget": {"device": "L4"}}
    plain, remedied, priced = (
        planned(dataset, tiny_config(**named, **more))[1].stages[0].flops
        for more in (
            {},
            {"adversarial": {"steps": 3}, "measure_price": False},
            {"adversarial": {"steps": 3}, "group_weighting": "balanced"},
        )
    )
    assert remedied == pytest.approx(3 * plain)
    assert priced == pytest.approx((3 + 1 + 3) * plain)


def test_a_cost_without_a_price_is_refused(dataset: DatasetRef, tiny_config: Config) -> None:
    with pytest.raises(UserInputError, match="set training.budget.price_per_hour"):
        planned(dataset, tiny_config(budget={"max_cost": 5}))


@pytest.mark.slow
@pytest.mark.parametrize("stages", [["sft", "dpo"], ["sft", "reward", "rloo"], ["sft", "distil"]])
def test_every_stage_of_a_language_model_is_planned(stages: list[str], tiny_qwen3: Path) -> None:
    named = [{"kind": "distil", "teacher": str(tiny_qwen3)} if stage == "distil" else stage for stage in stages]
    fields = {"base_model": str(tiny_qwen3), "batch_size": 8, "epochs": 1, "max_tokens": 96, "stages": named}
    dataset = make_language_dataset("preference")
    _, estimate, _ = planned(dataset, TrainingConfig.model_validate(fields | {"budget": {"device": "A100"}}))
    assert [stage.kind for stage in estimate.stages] == stages
    first, *others = estimate.stages
    assert 0 < first.learned_tokens < first.tokens
    assert all(stage.flops > 0 and stage.memory.activations > 0 for stage in others)
    if "rloo" in stages:
        assert estimate.stages[-1].generated_tokens > 0
        assert estimate.stages[-1].memory.other_network > estimate.stages[-1].memory.weights / 2


@pytest.mark.slow
def test_the_plan_says_what_adapters_on_experts_alone_spare(tmp_path: Path) -> None:
    base = make_language_base(tmp_path / "base", "qwen3_moe")
    fields = {"base_model": str(base), "batch_size": 8, "epochs": 1, "max_tokens": 96, "stages": ["sft"]}
    technique = {"kind": "expert_lora", "rank": 4}
    dataset = make_language_dataset("instruction")
    plan, estimate, _ = planned(dataset, TrainingConfig.model_validate(fields | {"technique": technique}))
    assert estimate.spared is not None
    assert f"{estimate.spared:.1%} fewer than LoRA everywhere" in dict(plan.facts)["technique"]
