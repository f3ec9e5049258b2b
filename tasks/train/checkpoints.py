"""Checkpoints that are whole or do not exist: written aside, listed in a manifest, synced, and renamed into place."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from infra.storage import MANIFEST, manifest_of

PREFIX = "checkpoint-"


def seal(written: Path, shelf: Path) -> Path:
    """Make a folder that was written aside a checkpoint on `shelf`, and return its place."""
    (written / MANIFEST).write_bytes(manifest_of(written))
    for path in [*written.rglob("*"), written]:
        _sync(path)
    shelf.mkdir(parents=True, exist_ok=True)
    target = shelf / written.name
    if target.exists():
        shutil.rmtree(target)
    written.rename(target)
    _sync(shelf)
    return target


def newest_whole(shelf: Path, on_note: Callable[[str], None]) -> Path | None:
    """The newest checkpoint whose files are those of its manifest; a damaged one is named, removed and passed over."""
    for step in sorted(steps_on(shelf), reverse=True):
        folder = shelf / f"{PREFIX}{step}"
        if is_whole(folder):
            return folder
        on_note(f"the checkpoint of step {step} is damaged and was removed ({folder})")
        shutil.rmtree(folder)
    return None


def is_whole(folder: Path) -> bool:
    """Whether the folder holds exactly the files of its manifest."""
    manifest = folder / MANIFEST
    return manifest.is_file() and manifest.read_bytes() == manifest_of(folder)


def worth_keeping(steps: list[int], best: int | None) -> set[int]:
    """The newest step and the best; where they are one, also the one before, so that damage to one costs little."""
    newest_first = sorted(steps, reverse=True)
    if best is None or best not in steps or best == newest_first[0]:
        return {*newest_first[:2]}
    return {newest_first[0], best}


def keep_only(shelf: Path, steps: set[int]) -> None:
    """Remove the checkpoints of all other steps."""
    for step in set(steps_on(shelf)) - steps:
        shutil.rmtree(shelf / f"{PREFIX}{step}")


def steps_on(shelf: Path) -> list[int]:
    """The steps whose checkpoints stand on the shelf, whole or not."""
    if not shelf.is_dir():
        return []
    return [int(path.name.removeprefix(PREFIX)) for path in shelf.iterdir() if path.name.startswith(PREFIX)]


def folder_bytes(folder: Path) -> int:
    """Size of all files below a folder, in bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
