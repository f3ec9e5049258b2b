"""Parquet files, and Arrow tables however they came: the wanted columns as strings."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.acquire.table import Origin, Table, Wanted, as_text, row_values
from tasks.errors import UserInputError


def read_parquet(data: bytes, wanted: Wanted, origin: Origin) -> Table:
    """Read the wanted columns. Raises UserInputError for bytes that are not a whole Parquet file."""
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        found = wanted.found_in(file.schema_arrow.names, origin)
        content = file.read(columns=list(found.values()))
    except (pa.ArrowException, OSError) as error:
        raise UserInputError(
            f"{origin} is not a whole Parquet file, perhaps a copy that broke off ({_first_line(error)}): get it again"
        ) from None
    return read_arrow(content, wanted, origin)


def read_arrow(content: pa.Table, wanted: Wanted, origin: Origin) -> Table:
    """The wanted columns of an Arrow table, whose rows are numbered from 1.

    Raises UserInputError for a missing column, and for one that holds anything but strings, numbers or truth values.
    """
    found = wanted.found_in(content.column_names, origin)
    columns = {canonical: _cells(content.column(column), column, origin) for canonical, column in found.items()}
    values = [row_values(dict(zip(columns, cells, strict=True))) for cells in zip(*columns.values(), strict=True)]
    return Table(rows=list(range(1, len(values) + 1)), values=values)


def _cells(column: Any, name: str, origin: Origin) -> list[str | None]:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not any(is_allowed(kind) for is_allowed in _ALLOWED):
        raise UserInputError(f"column {name!r} of {origin} holds {column.type}; allowed are strings and plain numbers")
    try:
        return [as_text(cell) for cell in column.to_pylist()]
    except UnicodeDecodeError:
        raise UserInputError(
            f"column {name!r} of {origin} holds text that is not UTF-8: write the file again"
        ) from None


_ALLOWED = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_boolean,
    pa.types.is_decimal,
    pa.types.is_null,
)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
