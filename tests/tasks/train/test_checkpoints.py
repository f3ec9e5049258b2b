"""A checkpoint is whole or it is not used."""

from __future__ import annotations

from pathlib import Path

from tasks.train.checkpoints import is_whole, keep_only, newest_whole, seal


def written(folder: Path, step: int) -> Path:
    path = folder / "incoming" / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "model.safetensors").write_bytes(bytes(1000))
    return path


def test_a_sealed_checkpoint_is_whole_and_no_longer_aside(tmp_path: Path) -> None:
    aside = written(tmp_path, 10)
    sealed = seal(aside, tmp_path / "shelf")
    assert is_whole(sealed)
    assert not aside.exists()


def test_the_newest_is_the_one_of_the_highest_step(tmp_path: Path) -> None:
    for step in (9, 10, 8):
        seal(written(tmp_path, step), tmp_path / "shelf")
    assert newest_whole(tmp_path / "shelf", print) == tmp_path / "shelf" / "checkpoint-10"


def test_a_torn_checkpoint_is_named_and_passed_over(tmp_path: Path) -> None:
    notes: list[str] = []
    for step in (5, 10):
        seal(written(tmp_path, step), tmp_path / "shelf")
    with (tmp_path / "shelf" / "checkpoint-10" / "model.safetensors").open("r+b") as file:
        file.truncate(500)
    assert newest_whole(tmp_path / "shelf", notes.append) == tmp_path / "shelf" / "checkpoint-5"
    assert notes[0].startswith("the checkpoint of step 10 is damaged and was removed")
    assert not (tmp_path / "shelf" / "checkpoint-10").exists()


def test_no_checkpoint_is_none(tmp_path: Path) -> None:
    assert newest_whole(tmp_path / "shelf", print) is None


def test_only_the_named_steps_are_kept(tmp_path: Path) -> None:
    for step in (5, 10, 15):
        seal(written(tmp_path, step), tmp_path / "shelf")
    keep_only(tmp_path / "shelf", {5, 15})
    assert sorted(path.name for path in (tmp_path / "shelf").iterdir()) == ["checkpoint-15", "checkpoint-5"]
