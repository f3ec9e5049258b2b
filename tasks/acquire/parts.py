"""One file's rows, read once and kept in the store: the same version, read the same way, is not read or fetched again.

A part is a folder with `rows.parquet` (PART_COLUMNS), `malformed.parquet` (MALFORMED_COLUMNS) and `part.json` (digest
and sizes). `parts/index/KEY.json` leads to it, where KEY hashes the file's version, the reading and the readers' code.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from infra.settings import settings
from infra.storage import file_sha256
from tasks.acquire.formats.readers import Reading, read_file
from tasks.acquire.source_file import SourceFile
from tasks.acquire.table import TEXT, Batch, Malformed, Origin
from tasks.errors import CorruptArtefact, StorageError, UserInputError
from tasks.records import Artefact
from tasks.store import fetch_whole, keep, store

PART_COLUMNS = ("row", "id", "text", "label", "group", "date", "answer", "rejected")
MALFORMED_COLUMNS = ("row", "reason", "detail", "raw")
AREA = "parts"
PINNED = "sha256:"
BATCH_ROWS = 1 << 16
MOST_RAW_CHARACTERS = 100_000
"""Kept of a malformed line: who looks at it, or masks it for a report, should not meet megabytes."""


@dataclass(frozen=True)
class Part:
    """A file's rows on disk, with what was counted."""

    folder: Path
    sha256: str
    """Of the file's bytes as they came."""
    size_bytes: int
    rows: int
    malformed: int
    new: bool
    """False where it was in the store."""

    def batches(self, columns: tuple[str, ...] = PART_COLUMNS) -> Iterator[Any]:
        """The rows as Arrow record batches of bounded size."""
        with pq.ParquetFile(self.folder / "rows.parquet") as file:
            yield from file.iter_batches(batch_size=BATCH_ROWS, columns=list(columns))

    def malformed_lines(self, most: int | None = None) -> list[Malformed]:
        """The malformed lines in order, at most `most`."""
        lines: list[Malformed] = []
        with pq.ParquetFile(self.folder / "malformed.parquet") as file:
            for batch in file.iter_batches(batch_size=min(most or BATCH_ROWS, BATCH_ROWS)):
                lines += [Malformed(**line) for line in batch.to_pylist()]
                if most is not None and len(lines) >= most:
                    return lines[:most]
        return lines


def part_of(file: SourceFile, reading: Reading, origin: Origin, folder: Path, *, reuse: bool) -> Part:
    """The file's part: with `reuse` from the store where it is there, else read in the empty `folder` and kept.

    Raises UserInputError for a file that cannot be read, and what fetching it and the store raise.
    """
    key = f"{AREA}/index/{_key(file, reading)}.json"
    kept = _kept(key) if reuse else None
    if kept is not None:
        return kept
    try:
        part = _read(file, reading, origin, folder)
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"{origin} cannot be read into {folder}: {error.strerror or error}") from None
    stored = keep(AREA, part.folder)
    try:
        store().put_if_absent(key, json.dumps({"digest": stored.digest}).encode())
    except OSError as error:
        raise StorageError(f"{settings().store_url}/{key} cannot be written: {error.strerror or error}") from None
    return part


def _key(file: SourceFile, reading: Reading) -> str:
    # A SHA-256 pins the bytes wherever they are; what another server calls a version counts for its place alone.
    pin = [file.version] if file.version.startswith(PINNED) else [file.where, file.version]
    wanted = reading.wanted
    how = [reading.format, reading.encoding, reading.most_bytes, wanted.columns, sorted(wanted.required), wanted.task]
    text = json.dumps([pin, *how, wanted.answered, readers_digest()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def readers_digest() -> str:
    """SHA-256 of the code that turns a file into rows, and of the libraries' versions that it rests on."""
    digest = hashlib.sha256(pa.__version__.encode())
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder).as_posix()
        if not name.startswith("demo/"):
            digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _kept(key: str) -> Part | None:
    """The part that the index leads to; None where it, or a whole folder for it, is not there."""
    try:
        entry = store().read(key)
    except OSError as error:
        raise StorageError(f"{settings().store_url}/{key} cannot be read: {error.strerror or error}") from None
    if entry is None:
        return None
    digest = json.loads(entry)["digest"]
    try:
        folder = fetch_whole(Artefact(uri=f"{settings().store_url.rstrip('/')}/{AREA}/{digest}", digest=digest))
    except CorruptArtefact:
        return None
    return Part(folder, **json.loads((folder / "part.json").read_text(encoding="utf-8")), new=False)


def _read(file: SourceFile, reading: Reading, origin: Origin, folder: Path) -> Part:
    fetched, made = folder / "fetched", folder / "part"
    fetched.mkdir()
    made.mkdir()
    path = file.fetch(fetched)
    rows, malformed = _write(read_file(path, reading, origin, fetched), made)
    sha256, size_bytes = file_sha256(path), path.stat().st_size
    if file.version.startswith(PINNED) and file.version != f"{PINNED}{sha256}":
        raise UserInputError(f"{origin} changed while it was read: start again once it is written to its end")
    shutil.rmtree(fetched)
    content = {"sha256": sha256, "size_bytes": size_bytes, "rows": rows, "malformed": malformed}
    (made / "part.json").write_text(json.dumps(content, sort_keys=True), encoding="utf-8")
    return Part(made, sha256, size_bytes, rows, malformed, new=True)


def _write(batches: Iterator[Batch], folder: Path) -> tuple[int, int]:
    """Write the batches as they come; how many rows and malformed lines there were."""
    rows = malformed = 0
    with (
        pq.ParquetWriter(folder / "rows.parquet", _schema(PART_COLUMNS), use_dictionary=["label", "group"]) as good,
        pq.ParquetWriter(folder / "malformed.parquet", _schema(MALFORMED_COLUMNS)) as bad,
    ):
        for batch in batches:
            if len(batch.rows):
                good.write_table(_canonical(batch.rows))
            if batch.malformed:
                lines = [asdict(line) | {"raw": line.raw[:MOST_RAW_CHARACTERS]} for line in batch.malformed]
                bad.write_table(pa.Table.from_pylist(lines, schema=_schema(MALFORMED_COLUMNS)))
            rows, malformed = rows + len(batch.rows), malformed + len(batch.malformed)
    return rows, malformed


def _canonical(rows: Any) -> Any:
    columns = {
        name: rows.column(name) if name in rows.column_names else pa.nulls(len(rows), TEXT) for name in PART_COLUMNS
    }
    return pa.table(columns, schema=_schema(PART_COLUMNS))


def _schema(columns: tuple[str, ...]) -> Any:
    return pa.schema([(name, pa.int64() if name == "row" else TEXT) for name in columns])
