"""Vectors that were computed before, on disk by the hash of their text: the next run embeds only what is new.

One SQLite file a model, so that two processes may read and write at once and a killed one leaves nothing half written.
A text is never stored, only its hash. A damaged file is dropped and filled anew; a damaged row counts as missing.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.errors import StorageError

MOST_BYTES = 512 * 2**20
"""Vectors of one model; the oldest leave first."""
MOST_FILES = 4
"""Models; the one that was written longest ago leaves first."""
HASH_BYTES = 16
WAIT_SECONDS = 60.0

Half = npt.NDArray[np.float16]


def text_key(text: str) -> str:
    """The hash by which a text's vector is found."""
    return hashlib.blake2b(text.encode(), digest_size=HASH_BYTES).hexdigest()


@dataclass(frozen=True)
class VectorCache:
    """The vectors of one model, in `path`. Every method raises StorageError where the folder cannot be used."""

    path: Path

    def found(self, keys: Sequence[str]) -> dict[str, Half]:
        """The vectors that are there and whole, by key."""
        if not self.path.is_file():
            return {}
        found: dict[str, Half] = {}
        with self._damage_removed(), self._transaction() as database:
            rows = database.execute(
                "SELECT key, vector, checksum FROM vectors WHERE key IN (SELECT value FROM json_each(?))",
                [json.dumps(list(keys))],
            )
            found.update((key, np.frombuffer(raw, np.float16)) for key, raw, sum_ in rows if _sum(key, raw) == sum_)
        return found

    def keep(self, keys: Sequence[str], vectors: Half) -> None:
        """Add vectors, shape (keys, width), and let the oldest go where there are too many."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(self.path, error.strerror or str(error)) from None
        pairs = [(key, vector.tobytes()) for key, vector in zip(keys, vectors, strict=True)]
        most = max(1, MOST_BYTES // (vectors.shape[1] * vectors.itemsize + 2 * HASH_BYTES))
        with self._damage_removed(), self._transaction() as database:
            database.executemany(
                "INSERT OR REPLACE INTO vectors (key, vector, checksum) VALUES (?, ?, ?)",
                [(key, raw, _sum(key, raw)) for key, raw in pairs],
            )
            database.execute("DELETE FROM vectors WHERE number <= (SELECT max(number) FROM vectors) - ?", (most,))
        self._drop_other_models()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=WAIT_SECONDS, isolation_level=None)) as database, database:
            # At once for writing: a reader that comes to write while another does is refused without any waiting.
            database.execute("BEGIN IMMEDIATE")
            database.execute(
                "CREATE TABLE IF NOT EXISTS vectors "
                "(number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE, vector BLOB, checksum INTEGER)"
            )
            yield database

    @contextmanager
    def _damage_removed(self) -> Iterator[None]:
        """Remove the file if it turns out to be damaged: what the block read until then was whole, and counts."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                raise _unusable(self.path, str(error)) from None
            self.path.unlink(missing_ok=True)

    def _drop_other_models(self) -> None:
        files = sorted(self.path.parent.glob("*.sqlite"), key=lambda path: (path.stat().st_mtime, path.name))
        for path in files[:-MOST_FILES]:
            path.unlink(missing_ok=True)


def _sum(key: str, raw: bytes) -> int:
    return zlib.crc32(raw, zlib.crc32(key.encode()))


def _unusable(path: Path, reason: str) -> StorageError:
    return StorageError(
        f"the cache of embeddings {path} cannot be used ({reason}): free some space, or set REFIT_HOME to a writable "
        "folder on a local disk"
    )
