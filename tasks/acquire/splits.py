"""From the parts of a split's files to its rows as they are stored, a batch at a time, and the check of their ids."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.acquire.parts import Part
from tasks.acquire.table import TEXT, Origin
from tasks.datasets.folder import COLUMNS, set_aside
from tasks.errors import UserInputError
from tasks.pii.shown_rows import shown_text


@dataclass(frozen=True)
class Acquired:
    """One file of one split, with its part."""

    split: str
    """Name of the split, or of the public test set."""
    origin: Origin
    kind: str
    name: str
    """Without the folder or bucket: moving a file changes nothing."""
    part: Part
    licence: str | None
    described_origin: str | None
    """Where the rows come from, in the user's words."""
    own_ids: bool
    """Whether the user's ids were read; otherwise Refit makes them up."""
    test_set: bool = False


def row_ids(split: str, name: str, rows: list[int], texts: list[str | None]) -> list[str]:
    """Sixteen hexadecimal digits a row, from its split, its file's name, its place there and its text."""
    place = hashlib.sha256(json.dumps([split, name]).encode())
    ids = []
    for row, text in zip(rows, texts, strict=True):
        one = place.copy()
        one.update(b"%d-" % row if text is None else b"%d:%b" % (row, text.encode()))
        ids.append(one.hexdigest()[:16])
    return ids


def write_split(files: list[Acquired], path: Path) -> None:
    """Write the rows of all files, in their order, as one Parquet file with COLUMNS."""
    schema = pa.schema([(name, pa.int64() if name == "row" else TEXT) for name in COLUMNS])
    with pq.ParquetWriter(path, schema, use_dictionary=["label", "group", "source"]) as writer:
        for file in files:
            for batch in file.part.batches():
                writer.write_table(_stored(batch, file, schema))


def write_texts(files: list[Acquired], path: Path) -> None:
    """Write the texts of a public test set as one Parquet file with the column `text`."""
    with pq.ParquetWriter(path, pa.schema([("text", TEXT)])) as writer:
        for file in files:
            for batch in file.part.batches(("text",)):
                writer.write_batch(batch)


def malformed_rows(file: Acquired) -> pd.DataFrame:
    """The malformed lines on their way to the quarantine, each as text with what is wrong with it."""
    lines = file.part.malformed_lines()
    numbers = [line.row for line in lines]
    content = {
        "id": pd.Series(row_ids(file.split, file.name, numbers, [line.raw for line in lines]), dtype="str"),
        "text": pd.Series([f"{line.detail}: {line.raw}" for line in lines], dtype="str"),
        "source": pd.Series([file.name] * len(lines), dtype="str"),
        "row": pd.Series(numbers, dtype="int64"),
    }
    return set_aside(
        pd.DataFrame(content), file.split, "acquire", pd.Series([line.reason for line in lines], dtype="str")
    )


def refuse_unclear_ids(files: list[Acquired]) -> None:
    """Raise UserInputError for a row without an id, or two rows, in whichever source, with the same one.

    Eight bytes a row are held: the ids' hashes. Where two agree, a second pass looks at the ids themselves.
    """
    named = [file for file in files if file.own_ids]
    hashes = [_hashes(ids) for _, _, ids in _ids(named)]
    if not hashes:
        return
    values, counts = np.unique(np.concatenate(hashes), return_counts=True)
    doubtful = values[counts > 1]
    seen: dict[str, tuple[Acquired, int]] = {}
    for file, rows, ids in _ids(named) if len(doubtful) else ():
        for at in np.flatnonzero(np.isin(_hashes(ids), doubtful)):
            name, row = ids[at], rows[at]
            if name in seen:
                other, other_row = seen[name]
                raise UserInputError(
                    f"the id {shown_text(name)!r} stands twice: in row {other_row:,} of {other.origin} and in row "
                    f"{row:,} of {file.origin}. Ids must be unique over all sources; mend them, or unset data.id_column"
                )
            seen[name] = (file, row)


def _ids(files: list[Acquired]) -> Iterator[tuple[Acquired, list[int], list[str]]]:
    for file in files:
        for batch in file.part.batches(("row", "id")):
            rows, ids = batch.column("row").to_pylist(), batch.column("id").to_pylist()
            if None in ids:
                row = rows[ids.index(None)]
                raise UserInputError(
                    f"{file.origin}: row {row:,} has no id in data.id_column; give it one, or unset id_column"
                )
            yield file, rows, ids


def _hashes(ids: list[str]) -> Any:
    return pd.util.hash_array(np.array(ids, dtype=object), categorize=False)


def _stored(batch: Any, file: Acquired, schema: Any) -> Any:
    """A batch with COLUMNS."""
    columns = {name: batch.column(name) for name in batch.schema.names}
    if not file.own_ids:
        ids = row_ids(file.split, file.name, columns["row"].to_pylist(), columns["text"].to_pylist())
        columns["id"] = pa.array(ids, TEXT)
    columns["source"] = pa.array([file.name] * batch.num_rows, TEXT)
    nothing = pa.nulls(batch.num_rows, TEXT)
    return pa.table({name: columns.get(name, nothing) for name in COLUMNS}, schema=schema)
