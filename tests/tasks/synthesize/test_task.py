"""The door: off by default, and bound to the models that a config only names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tasks.synthesize.config import SynthesisConfig
from tasks.synthesize.task import models_behind, summary, synthesize
from tests.tasks.pii.made_up_rows import dataset, good_rows


def test_nothing_is_made_unless_asked_for() -> None:
    before = dataset(train=good_rows(4))
    assert synthesize.fn(before, SynthesisConfig()) == before  # type: ignore[attr-defined]
    assert summary(before) == "4 train rows, 0 synthetic rows made so far"


def test_another_local_teacher_under_the_same_name_is_another_input(tmp_path: Path) -> None:
    backend = {"kind": "local", "folder": str(tmp_path)}
    config = SynthesisConfig.model_validate({"makers": [{"kind": "teacher", "rows": 1, "backend": backend}]})
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"one")
    first = models_behind({"config": config})
    (tmp_path / "model.safetensors").write_bytes(b"two")
    assert models_behind({"config": config}) != first
    assert models_behind({"config": SynthesisConfig()}) == ""


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"makers": [{"kind": "typos"}]}, "say how many rows to make"),
        ({"makers": [{"kind": "typos", "rows": 1, "share": 0.1}]}, "not both"),
        ({"makers": [{"kind": "stand_ins"}, {"kind": "stand_ins"}]}, "named once"),
        ({"require_real_gain": True, "check_imitation": False}, "needs check_imitation"),
        ({"stress": {"sets": ["typos", "typos"]}}, "named once"),
        ({"stress": {"label_weights": {"refund": 0}}}, "must not all be 0"),
        ({"makers": [{"kind": "unheard_of", "rows": 1}]}, "does not match any of the expected tags"),
    ],
)
def test_a_config_that_contradicts_itself_is_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SynthesisConfig.model_validate(settings)
