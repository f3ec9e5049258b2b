"""Parquet files, batch by batch: the wanted columns as strings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.acquire.formats.expanded import refuse_growth
from tasks.acquire.table import TEXT, Batch, Origin, Wanted, as_text
from tasks.errors import UserInputError

BATCH_ROWS = 1 << 16
BATCH_BYTES = 16 << 20
REPEATED_BYTES = 32
"""A column that takes less a value than this, and has a dictionary, stores its values as references to it."""


def read_parquet(path: Path, wanted: Wanted, origin: Origin, most_bytes: int) -> Iterator[Batch]:
    """Read the wanted columns; rows are numbered from 1. Labels stored as a dictionary become their names.

    Raises UserInputError for what is not a whole Parquet file or expands beyond `most_bytes`, for a missing column, and
    for one that holds anything but strings, numbers, truth values or, where it is the date, dates.
    """
    try:
        with pq.ParquetFile(path) as file:
            found = wanted.found_in(file.schema_arrow.names, origin)
            for canonical, column in found.items():
                kind = file.schema_arrow.field(column).type
                if canonical != "date" or not _is_moment(kind):
                    _refuse_kind(kind, column, canonical in wanted.conversations, origin)
            rows = _batch_rows(file, found)
            repeated = _repeated_columns(file, found)
        with pq.ParquetFile(path, read_dictionary=repeated) as file:
            grown, done = 0, 0
            for content in _bounded(file.iter_batches(batch_size=rows, columns=list(found.values()))):
                columns = {name: _cells(content.column(column), column, origin) for name, column in found.items()}
                grown += sum(column.nbytes for column in columns.values())
                refuse_growth(grown, path.stat().st_size, most_bytes, origin)
                numbers = pa.array(range(done + 1, done + 1 + content.num_rows), pa.int64())
                done += content.num_rows
                yield Batch(pa.table({"row": numbers, **columns}))
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, UserInputError):
            raise
        raise UserInputError(
            f"{origin} is not a whole Parquet file, perhaps a copy that broke off ({_first_line(error)}): get it again"
        ) from None


def _chunks(file: Any, found: dict[str, str]) -> Iterator[Any]:
    """What the file's index says of each piece of the wanted columns."""
    names = set(found.values())
    for group in (file.metadata.row_group(at) for at in range(file.metadata.num_row_groups)):
        for chunk in (group.column(at) for at in range(group.num_columns)):
            if chunk.path_in_schema.split(".")[0] in names:
                yield chunk


def _batch_rows(file: Any, found: dict[str, str]) -> int:
    """Rows that make about BATCH_BYTES, going by their mean."""
    mean_bytes = sum(chunk.total_uncompressed_size for chunk in _chunks(file, found)) / max(file.metadata.num_rows, 1)
    return int(max(1, min(BATCH_ROWS, BATCH_BYTES / max(mean_bytes, 1))))


def _repeated_columns(file: Any, found: dict[str, str]) -> list[str]:
    """Columns of few values that stand often: read as references, lest a tiny file decode to more than memory holds."""
    return sorted(
        {
            chunk.path_in_schema
            for chunk in _chunks(file, found)
            if chunk.has_dictionary_page
            and chunk.physical_type == "BYTE_ARRAY"
            and chunk.total_uncompressed_size < REPEATED_BYTES * chunk.num_values
        }
        & set(found.values())
    )


def _bounded(batches: Iterable[Any]) -> Iterator[Any]:
    """The batches, cut where their references would decode to more than about BATCH_BYTES."""
    for batch in batches:
        dictionaries = [column.dictionary for column in batch.columns if pa.types.is_dictionary(column.type)]
        longest = [pc.max(pc.binary_length(each)).as_py() or 1 for each in dictionaries if _is_text(each.type)]
        step = max(1, BATCH_BYTES // max(longest, default=1))
        for start in range(0, batch.num_rows, step):
            yield batch.slice(start, step)


def _cells(column: Any, name: str, origin: Origin) -> Any:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if _is_text(column.type) or pa.types.is_null(column.type):
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            raise UserInputError(
                f"column {name!r} of {origin} holds text that is not UTF-8: write the file again"
            ) from None
        return column.cast(TEXT)
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return pa.array([_as_json(cell) for cell in column.to_pylist()], TEXT)
    if pa.types.is_integer(column.type) or _is_moment(column.type):
        return pc.cast(column, TEXT)
    return pa.array([as_text(cell) for cell in column.to_pylist()], TEXT)


def _as_json(turns: Any) -> str | None:
    return None if turns is None else json.dumps(turns, ensure_ascii=False, separators=(",", ":"))


def _refuse_kind(kind: Any, name: str, conversation: bool, origin: Origin) -> None:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    if conversation and (pa.types.is_list(plain) or pa.types.is_large_list(plain)):
        if pa.types.is_struct(plain.value_type):
            return
        raise UserInputError(f"column {name!r} of {origin} holds {kind}; a conversation is a list of role and content")
    if not _is_text(plain) and not any(is_allowed(plain) for is_allowed in _NUMBERS):
        raise UserInputError(f"column {name!r} of {origin} holds {kind}; allowed are strings and plain numbers")


def _is_moment(kind: Any) -> bool:
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


_NUMBERS = (
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_boolean,
    pa.types.is_decimal,
    pa.types.is_null,
)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
