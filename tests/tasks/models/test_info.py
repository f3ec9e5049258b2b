"""`refit.json` is read back as written, and never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.errors import CorruptArtefact
from tasks.models.info import ModelInfo

INFO = ModelInfo(
    labels=("a", "b"),
    temperature=1.5,
    max_tokens=16,
    base_model="bundled:minilm-l6",
    technique="full",
    dataset_digest="d",
    seed=1,
)


def test_info_is_read_back_as_written(tmp_path: Path) -> None:
    INFO.write(tmp_path)
    assert ModelInfo.read(tmp_path) == INFO


def test_a_folder_without_info_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(CorruptArtefact, match=r"it has no refit\.json"):
        ModelInfo.read(tmp_path)


def test_bad_info_is_refused(tmp_path: Path) -> None:
    (tmp_path / "refit.json").write_text('{"labels": ["a"]}')
    with pytest.raises(CorruptArtefact, match="is not valid"):
        ModelInfo.read(tmp_path)
