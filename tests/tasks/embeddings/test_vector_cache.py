"""The cache of vectors keeps to its size and is safe for two processes."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np
import pytest

from tasks.embeddings import vector_cache
from tasks.embeddings.vector_cache import VectorCache, text_key
from tasks.errors import StorageError

KEYS = [text_key(f"text {number}") for number in range(40)]
VECTORS = np.arange(160, dtype=np.float16).reshape(40, 4)


def test_the_oldest_vectors_leave_where_there_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_cache, "MOST_BYTES", 10 * (8 + 2 * vector_cache.HASH_BYTES))
    cache = VectorCache(tmp_path / "one.sqlite")
    for start in range(0, 40, 4):
        cache.keep(KEYS[start : start + 4], VECTORS[start : start + 4])
    assert sorted(cache.found(KEYS)) == sorted(KEYS[-10:])


def test_the_oldest_models_leave_where_there_are_too_many(tmp_path: Path) -> None:
    for number in range(vector_cache.MOST_FILES + 1):
        VectorCache(tmp_path / f"{number}.sqlite").keep(KEYS, VECTORS)
    assert sorted(path.name for path in tmp_path.glob("*.sqlite")) == ["1.sqlite", "2.sqlite", "3.sqlite", "4.sqlite"]


def keep_part(path: Path, part: int) -> None:
    for start in range(20):
        at = slice(20 * part + start, 20 * part + start + 1)
        VectorCache(path).keep(KEYS[at], VECTORS[at])


def test_two_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    path = tmp_path / "one.sqlite"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=keep_part, args=(path, part)) for part in (0, 1)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    found = VectorCache(path).found(KEYS)
    assert all(np.array_equal(found[key], vector) for key, vector in zip(KEYS, VECTORS, strict=True))


def test_a_cache_that_cannot_be_written_says_where_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match=r"cache of embeddings .*one\.sqlite cannot be used .* set REFIT_HOME"):
        VectorCache(tmp_path / "file" / "one.sqlite").keep(KEYS, VECTORS)
