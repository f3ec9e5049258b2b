"""One way in for all file formats: bytes and a format become a table."""

from __future__ import annotations

from pathlib import PurePosixPath

from tasks.acquire.arrow_reader import read_parquet
from tasks.acquire.config import FileFormat
from tasks.acquire.csv_reader import read_csv
from tasks.acquire.decoding import decode
from tasks.acquire.jsonl_reader import read_jsonl
from tasks.acquire.table import Origin, Table, Wanted
from tasks.errors import UserInputError

ENDINGS: dict[str, FileFormat] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}


def read_table(data: bytes, file_format: FileFormat, encoding: str, wanted: Wanted, origin: Origin) -> Table:
    """Read a file's bytes. `encoding` counts for CSV and JSONL; with `auto` the format goes by the name's ending.

    Raises UserInputError for a file that is empty, has no row, lacks a column or cannot be read as its format.
    """
    chosen = _by_ending(origin) if file_format == "auto" else file_format
    if not data:
        raise UserInputError(f"{origin} is empty (0 bytes)")
    if chosen == "parquet":
        table = read_parquet(data, wanted, origin)
    else:
        text = decode(data, encoding, origin)
        table = (read_csv if chosen == "csv" else read_jsonl)(text, wanted, origin)
    if not table.rows and not table.malformed:
        raise UserInputError(f"{origin} has columns but no rows")
    return table


def _by_ending(origin: Origin) -> FileFormat:
    ending = PurePosixPath(origin.name).suffix.lower()
    if ending not in ENDINGS:
        raise UserInputError(
            f"{origin}: the ending {ending!r} does not tell the format; set {origin.section}.format to csv, jsonl or "
            f"parquet, or use one of the endings {', '.join(ENDINGS)}"
        )
    return ENDINGS[ending]
