"""A poor choice is called one, with what would be better; and a budget is kept."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.errors import UserInputError
from tasks.records import Advice
from tasks.train.config import TrainingConfig
from tasks.train.estimate.devices import device_of
from tasks.train.estimate.judgement import beyond_budget, cost_of, warnings_of, yardstick
from tasks.train.estimate.page import plan_page, sentence_of
from tasks.train.estimate.record import Change, Device, Estimate, Memory, StageEstimate

GIGABYTE = 10**9
ENOUGH = Advice(uri="file:///x", digest="d", dataset_digest="d", state="suits", sentence="900 rows suit the technique.")


def estimate(
    *, parameters: int = 8 * GIGABYTE, weights: int = 16, would_fit: tuple[Change, ...] = (), **stage: Any
) -> Estimate:
    """A training of a large language model on an H100; `weights` in gigabytes."""
    memory = Memory(weights=weights * GIGABYTE, gradients=0, optimiser=0, activations=0, logits=0)
    fields: dict[str, Any] = {
        "kind": "sft",
        "rows": 900,
        "tokens": 400_000,
        "padded_tokens": 410_000,
        "learned_tokens": 200_000,
        "epochs": 3,
        "steps": 90,
        "passes": 1,
        "largest_batch": (8, 512),
        "trainable": parameters,
        "flops": 2e16,
        "memory": memory,
        "seconds": 7200,
    }
    device = Device(name="H100", kind="cuda", memory_bytes=80 * GIGABYTE, count=1, assumed_flops_per_second=3e14)
    made = StageEstimate.model_validate(fields | stage)
    return Estimate(parameters=parameters, trainable=made.trainable, stages=(made,), device=device, would_fit=would_fit)


def config(**changes: Any) -> TrainingConfig:
    return TrainingConfig.model_validate({"technique": {"kind": "lora"}} | changes)


def test_a_good_choice_has_no_warning() -> None:
    assert warnings_of(estimate(trainable=40_000_000), ENOUGH, config()) == []


def test_many_passes_are_a_poor_choice_but_for_few_shots() -> None:
    often = estimate(trainable=40_000_000, epochs=20)
    (warning,) = warnings_of(often, ENOUGH, config())
    assert "sees every row 20 times" in warning
    assert warnings_of(often, ENOUGH, config(technique={"kind": "few_shot"})) == []


def test_what_does_not_fit_is_told_with_a_change_that_would() -> None:
    change = Change(setting="training.technique: {kind: qlora}", memory_bytes=9 * GIGABYTE)
    (warning,) = warnings_of(estimate(weights=128, trainable=1, would_fit=(change,)), ENOUGH, config())
    assert "needs 128 GB at its peak, and H100 has 80 GB" in warning
    assert "would fit with training.technique: {kind: qlora} (9 GB)" in warning


def test_every_parameter_of_a_large_model_on_a_few_tokens_is_a_waste() -> None:
    (warning,) = warnings_of(estimate(), ENOUGH, config(technique={"kind": "full"}))
    assert "trains 8 B parameters on 200 k tokens that carry loss: an adapter" in warning


def test_rows_that_do_not_suit_the_technique_are_told_in_the_words_of_the_advice() -> None:
    few = ENOUGH.model_copy(update={"state": "too_few", "sentence": "9 rows are few."})
    assert "9 rows are few." in warnings_of(estimate(trainable=1), few, config())


def test_the_yardstick_is_twenty_tokens_a_parameter() -> None:
    assert "takes 160 B tokens (20 a parameter)" in yardstick(estimate())


def test_a_plan_beyond_the_hours_or_the_cost_says_by_how_much() -> None:
    dear = config(budget={"device": "H100", "price_per_hour": 3, "max_cost": 5})
    assert cost_of(estimate(), dear) == pytest.approx(6)
    assert "would cost 6.00 (2 h at 3 an hour), more than training.budget.max_cost allows (5.00)" in (
        beyond_budget(estimate(), dear) or ""
    )
    assert "more than training.budget.max_hours allows" in (
        beyond_budget(estimate(), config(budget={"max_hours": 1.5})) or ""
    )
    assert beyond_budget(estimate(), config(budget={"max_hours": 2.5})) is None


def test_a_device_that_is_not_known_is_refused_with_those_that_are() -> None:
    assert device_of(config(budget={"device": "rtx4090"})).name == "RTX 4090"
    with pytest.raises(UserInputError, match="allowed are `this` and H100"):
        device_of(config(budget={"device": "abacus"}))


def test_the_page_states_every_part_and_how_it_was_found() -> None:
    found, chosen = estimate(trainable=40_000_000), config()
    page = plan_page(found, chosen, ENOUGH.sentence, [], None)
    for words in ("40,000,000 trained (0.50%)", "| weights | 16 GB |", "Nothing speaks against it", "20 PFLOP"):
        assert words in page
    assert sentence_of(found, chosen).endswith("16 GB at the peak, 2 h on H100")
