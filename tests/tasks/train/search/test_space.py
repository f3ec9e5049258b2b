"""From searched values to the training that they ask for."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.errors import UserInputError
from tasks.train.config import TrainingConfig
from tasks.train.search.config import SearchConfig
from tasks.train.search.space import check_space, own_values, trial_training, with_values

LORA = {"kind": "lora", "rank": 16, "alpha": 32}


def training(**fields: Any) -> TrainingConfig:
    return TrainingConfig.model_validate(fields)


def config(**space: Any) -> SearchConfig:
    return SearchConfig.model_validate({"trials": 5, "space": {"learning_rate": None, **space}})


def test_values_replace_those_of_the_section() -> None:
    found = with_values(training(), "classification", {"learning_rate": 1e-4, "batch_size": 8, "warmup_steps": 0})
    assert found == training(learning_rate=1e-4, batch_size=8, warmup_steps=0)


def test_a_stage_that_sets_a_value_for_itself_gets_the_new_one() -> None:
    asked = training(stages=[{"kind": "dpo", "learning_rate": 5e-5}], learning_rate=3e-4)
    found = with_values(asked, "preference", {"learning_rate": 1e-6, "epochs": 2})
    assert (found.stages[0].learning_rate, found.learning_rate, found.epochs) == (1e-6, 3e-4, 2)


def test_alpha_moves_with_the_rank_so_that_the_update_keeps_its_size() -> None:
    found = with_values(training(technique=LORA), "instruction", {"rank": 64})
    assert found.technique.model_dump()["rank"] == 64
    assert found.technique.model_dump()["alpha"] == 128


def test_a_rank_stabilised_update_keeps_its_alpha() -> None:
    found = with_values(training(technique=LORA | {"rank_stabilised": True}), "instruction", {"rank": 64})
    assert (found.technique.model_dump()["rank"], found.technique.model_dump()["alpha"]) == (64, 32)


def test_the_values_of_the_config_are_tried_only_where_they_are_within_the_ranges() -> None:
    wide, narrow = ({"kind": "log_uniform", "low": 1e-5, "high": high} for high in (1e-3, 1e-4))
    asked = training(learning_rate=3e-4)
    assert own_values(asked, "classification", config(learning_rate=wide)) == {"learning_rate": 3e-4}
    assert own_values(asked, "classification", config(learning_rate=narrow)) is None


def test_a_trial_trains_the_first_stage_alone() -> None:
    small = trial_training(training(stages=["sft", "dpo"]), "preference")
    assert [stage.kind for stage in small.stages] == ["sft"]


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({}, "search.space names no setting"),
        ({"rank": {"kind": "whole", "low": 4, "high": 8}}, "rank needs a technique with a rank"),
        ({"label_smoothing": {"kind": "uniform", "low": 0, "high": 1}}, "training.label_smoothing that is not allowed"),
        ({"batch_size": {"kind": "one_of", "values": [8, 8.5]}}, "batch_size holds 8.5, but it is a whole number"),
    ],
    ids=["nothing to search", "a rank for full fine-tuning", "beyond what is allowed", "half a row"],
)
def test_a_space_that_does_not_suit_the_training_is_refused(space: dict[str, Any], message: str) -> None:
    with pytest.raises(UserInputError, match=message):
        check_space(training(), "classification", config(**space))


def test_a_range_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(ValueError, match=r"low \(0\.1\) must be below high \(0\.01\)"):
        config(learning_rate={"kind": "log_uniform", "low": 0.1, "high": 0.01})
