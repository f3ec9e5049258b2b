"""The section `training`: what a technique changes of what is left out."""

from __future__ import annotations

import pytest

from tasks.train.config import TrainingConfig
from tasks.train.technique_kinds import FEW_SHOT_DEFAULTS, FewShotTechnique


@pytest.mark.parametrize("technique", [{"kind": "few_shot"}, FewShotTechnique()])
def test_few_shots_are_seen_often_and_in_small_batches_unless_the_user_says_otherwise(technique: object) -> None:
    found = TrainingConfig.model_validate({"technique": technique})
    assert {name: getattr(found, name) for name in FEW_SHOT_DEFAULTS} == FEW_SHOT_DEFAULTS
    own = TrainingConfig.model_validate({"technique": technique, "epochs": 4, "batch_size": 16})
    assert (own.epochs, own.batch_size) == (4, 16)
    assert own.early_stopping_patience == FEW_SHOT_DEFAULTS["early_stopping_patience"]
    assert TrainingConfig.model_validate(own.model_dump()) == own


def test_every_default_of_few_shots_differs_from_the_usual_one_and_is_told_in_its_help() -> None:
    help_text = FewShotTechnique.__doc__ or ""
    for name, value in FEW_SHOT_DEFAULTS.items():
        assert getattr(TrainingConfig(), name) != value
        assert f"{name} {value:g}" in help_text.replace("\n    ", " ")
