"""A base model is known by its bytes, so that a stage which used other bytes is not reused."""

from __future__ import annotations

from pathlib import Path

from tasks.models.bundled import base_model_digest
from tests.tasks.models.tiny_model import make_base_model


def test_changed_weights_on_the_same_path_give_another_digest(tmp_path: Path) -> None:
    folder = make_base_model(tmp_path / "base")
    before = base_model_digest(str(folder))
    assert base_model_digest(str(folder)) == before
    make_base_model(folder, layers=1)
    assert base_model_digest(str(folder)) != before


def test_a_hub_id_and_a_wrong_name_stand_for_themselves() -> None:
    assert base_model_digest("org/model") == "org/model"
    assert base_model_digest("bundled:none") == "bundled:none"
