"""Local files: one, or all that match a pattern, in order and under names that moving the folder does not change."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from tasks.acquire.config import FileSource
from tasks.acquire.local_files import local_files
from tasks.errors import UserInputError


def test_a_pattern_gives_its_files_in_order_named_from_its_folder(tmp_path: Path) -> None:
    for name in ("2026/11/b.csv", "2026/10/z.csv", "2026/11/a.csv", "2026/11/.hidden.csv", "2026/11/a.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    files = local_files(FileSource(path=f"{tmp_path}/2026/*/*.csv", format="csv"), "data.train")
    assert [file.name for file in files] == ["10/z.csv", "11/a.csv", "11/b.csv"]
    assert files[1].version == f"sha256:{hashlib.sha256(b'2026/11/a.csv').hexdigest()}"
    assert (files[1].size_bytes, files[1].format) == (13, "csv")
    assert files[1].fetch(tmp_path) == tmp_path / "2026/11/a.csv"
    deep = local_files(FileSource(path=f"{tmp_path}/**/z.csv"), "data.train")
    assert [file.name for file in deep] == ["2026/10/z.csv"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "a[1].csv").write_text("text", encoding="utf-8")
    assert [file.name for file in local_files(FileSource(path=f"{tmp_path}/a[1].csv"), "data.train")] == ["a[1].csv"]


def test_a_pattern_without_files_and_a_pipe_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match=r"data\.holdout\.path: no file matches .*/none/\*\.csv"):
        local_files(FileSource(path=f"{tmp_path}/none/*.csv"), "data.holdout")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(UserInputError, match="is a device or a pipe; name a file"):
        local_files(FileSource(path=f"{tmp_path}/pipe.csv"), "data.train")
