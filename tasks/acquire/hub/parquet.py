"""A split of `datasets` written as a plain Parquet file: class numbers as names, nested columns as JSON strings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.errors import UserInputError

BATCH_ROWS = 2000

Rewrite = Callable[[Any], Any]
"""From a column of a batch to the column as it is written."""


def write_split(split: Any, path: Path, where: str) -> Path:
    """Write a `datasets.Dataset` a batch at a time; the same rows give the same bytes.

    Columns keep their types, but class numbers become names (null for -1, which stands for none), and lists, objects
    and the like become JSON strings. Columns of bytes (images, sound) are left out: no task reads them.
    Raises UserInputError where no column is left, or a class number has no name.
    """
    columns = {name: rewrite for name in split.column_names if (rewrite := _rewrite(split.features, name)) is not None}
    if not columns:
        raise UserInputError(f"{where} has no columns but of bytes: rows need text")
    aside = path.with_suffix(".partial")
    writer: pq.ParquetWriter | None = None
    try:
        for batch in split.select_columns(list(columns)).with_format("arrow").iter(BATCH_ROWS):
            table = pa.table({name: rewrite(batch.column(name)) for name, rewrite in columns.items()})
            if writer is None:
                writer = pq.ParquetWriter(aside, table.schema, compression="zstd")
            writer.write_table(table)
    except pa.ArrowIndexError:
        raise UserInputError(f"{where} has a class number without a name: the dataset contradicts its card") from None
    finally:
        if writer is not None:
            writer.close()
    return aside.rename(path)


def _rewrite(features: Any, name: str) -> Rewrite | None:
    """How a column is written; none for one of bytes."""
    feature, kind = features[name], features.arrow_schema.field(name).type
    stored = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    if _holds_bytes(stored):
        return None
    if (names := getattr(feature, "names", None)) is not None and pa.types.is_integer(stored):
        known = pa.array(names, pa.string())
        return lambda column: known.take(pc.if_else(pc.less(_whole(column), 0), None, _whole(column)))
    if pa.types.is_nested(stored):
        return lambda column: pa.array(
            [_json(cell) for cell in features.decode_column(_whole(column).to_pylist(), name)], pa.string()
        )
    return _whole


def _whole(column: Any) -> Any:
    """A column in one piece and without an extension type, which other programs may not know."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return whole.storage if isinstance(whole, pa.ExtensionArray) else whole


def _json(cell: Any) -> str | None:
    # What JSON has no word for, such as a time, is written as Python shows it.
    return None if cell is None else json.dumps(cell, ensure_ascii=False, separators=(",", ":"), default=str)


def _holds_bytes(kind: Any) -> bool:
    if isinstance(kind, pa.BaseExtensionType):
        return _holds_bytes(kind.storage_type)
    if pa.types.is_nested(kind):
        return any(_holds_bytes(kind.field(number).type) for number in range(kind.num_fields))
    return any(test(kind) for test in (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary))
