"""One way in for all file formats, compressed or not: a file becomes batches of canonical rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tasks.acquire.config import FileFormat
from tasks.acquire.conversation import taken_apart
from tasks.acquire.formats.csv_reader import read_csv
from tasks.acquire.formats.decoding import utf8_blocks
from tasks.acquire.formats.expanded import BLOCK_BYTES, PACKED_ENDINGS, Expanded, expanded
from tasks.acquire.formats.jsonl_reader import read_jsonl
from tasks.acquire.table import Batch, Origin, Wanted
from tasks.acquire.tidy import tidied
from tasks.errors import UserInputError

ENDINGS: dict[str, FileFormat] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
HTML = (b"<!doctype html", b"<html")


@dataclass(frozen=True)
class Reading:
    """How a file is read; with the file's version it decides every row."""

    format: FileFormat
    """Never `auto`: `format_of` has told it."""
    encoding: str
    """Counts for CSV and JSONL."""
    wanted: Wanted
    most_bytes: int
    """That the file may have when it is expanded."""


def format_of(origin: Origin, name: str, chosen: FileFormat) -> FileFormat:
    """The format, with `auto` by the name's ending. Raises UserInputError for an ending that tells none."""
    if chosen != "auto":
        return chosen
    path = PurePosixPath(name)
    ending = (path.with_suffix("") if path.suffix.lower() in PACKED_ENDINGS else path).suffix.lower()
    if ending not in ENDINGS:
        raise UserInputError(
            f"{origin}: the ending {ending!r} does not tell the format; set {origin.section}.format to csv, jsonl or "
            f"parquet, or use one of the endings {', '.join(ENDINGS)}"
        )
    return ENDINGS[ending]


def read_file(path: Path, reading: Reading, origin: Origin, folder: Path) -> Iterator[Batch]:
    """Read a file batch by batch; `folder` is a place for a Parquet file that must be expanded first.

    Raises UserInputError for a file that is empty, has no row, lacks a column or cannot be read as its format.
    """
    lines = 0
    with expanded(path, reading.most_bytes, origin) as source:
        _refuse_strange(source.head, reading.format, origin)
        for batch in _batches(path, source, reading, origin, folder):
            done = tidied(taken_apart(batch, reading.wanted))
            lines += len(done.rows) + len(done.malformed)
            yield done
    if not lines:
        raise UserInputError(f"{origin} has columns but no rows")


def _batches(path: Path, source: Expanded, reading: Reading, origin: Origin, folder: Path) -> Iterator[Batch]:
    if reading.format == "parquet":
        # Imported here, since only these files need it.
        from tasks.acquire.formats.arrow_reader import read_parquet

        whole = _unpacked(source, folder) if source.packed else path
        return read_parquet(whole, reading.wanted, origin, reading.most_bytes)
    blocks = utf8_blocks(source, reading.encoding, origin)
    return (read_csv if reading.format == "csv" else read_jsonl)(blocks, reading.wanted, origin)


def _unpacked(source: Expanded, folder: Path) -> Path:
    target = folder / "unpacked.parquet"
    with target.open("wb") as file:
        while block := source.read(BLOCK_BYTES):
            file.write(block)
    return target


def _refuse_strange(head: bytes, file_format: FileFormat, origin: Origin) -> None:
    if not head:
        raise UserInputError(f"{origin} is empty (0 bytes)")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(HTML):
        raise UserInputError(f"{origin} is a web page, perhaps a message of the server: get the file again")
    if file_format != "parquet" and head.startswith(b"PAR1"):
        raise UserInputError(f"{origin} is a Parquet file: set {origin.section}.format to parquet, or rename it")
