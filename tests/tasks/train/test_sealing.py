"""Sealing is waited for a moment and goes on beside the steps, one checkpoint at a time; what goes wrong comes out."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from tasks.errors import TrainingFailed
from tasks.train import sealing
from tasks.train.checkpoints import is_whole, seal, steps_on, worth_keeping
from tasks.train.sealing import Sealer


def written(folder: Path, step: int) -> Path:
    path = folder / "incoming" / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "model.safetensors").write_bytes(bytes(1000))
    return path


def test_a_checkpoint_that_is_sealed_soon_is_sealed_before_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "PATIENCE_SECONDS", 60)
    with Sealer(tmp_path / "shelf") as sealer:
        sealer.seal(written(tmp_path, 5), None)
        assert is_whole(tmp_path / "shelf" / "checkpoint-5")


def test_steps_go_on_while_a_checkpoint_is_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Event()

    def slow(folder: Path, shelf: Path) -> Path:
        gate.wait()
        return seal(folder, shelf)

    monkeypatch.setattr(sealing, "seal", slow)
    with Sealer(tmp_path / "shelf") as sealer:
        sealer.seal(written(tmp_path, 5), None)
        sealer.check()
        assert steps_on(tmp_path / "shelf") == []
        gate.set()
    assert is_whole(tmp_path / "shelf" / "checkpoint-5")


def test_what_goes_wrong_beside_the_steps_is_raised_by_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(folder: Path, shelf: Path) -> Path:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(sealing, "seal", broken)
    reason = r"checkpoint-5 cannot be written to .*Input/output error"
    with pytest.raises(TrainingFailed, match=reason), Sealer(tmp_path / "shelf") as sealer:
        sealer.seal(written(tmp_path, 5), None)
    assert not (tmp_path / "incoming" / "checkpoint-5").exists()


def test_newest_and_best_are_kept_and_two_where_they_are_one() -> None:
    assert worth_keeping([5, 10, 15], best=5) == {5, 15}
    assert worth_keeping([5, 10, 15], best=15) == {10, 15}
    assert worth_keeping([5, 10], best=None) == {5, 10}
    assert worth_keeping([5], best=5) == {5}
