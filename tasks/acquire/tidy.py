"""What is done to every batch of rows, whatever format it was read from."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.acquire.table import TEXT, Batch, Malformed

NULL_WHERE_BLANK = frozenset({"id", "label", "group", "date", "answer", "rejected"})
MOMENT = "%Y-%m-%dT%H:%M:%SZ"
"""How a date is kept: in UTC, so that dates sort as text."""


def tidied(batch: Batch) -> Batch:
    """Blank ids, labels, groups, dates and answers become null, and a date a MOMENT.

    Malformed are rows with a NUL character (`nul_character`), which a torn write or UTF-16 read as UTF-8 leaves behind
    and which databases and tokenizers choke on, and rows whose date is none (`bad_date`). An empty text stays, for
    validation to judge.
    """
    rows = batch.rows
    for name in NULL_WHERE_BLANK & set(rows.column_names):
        column = rows.column(name)
        blank = pc.equal(pc.binary_length(pc.utf8_trim_whitespace(column)), 0)
        rows = _with_column(rows, name, pc.if_else(pc.fill_null(blank, False), pa.scalar(None, TEXT), column))
    return _with_moments(_without_nul(Batch(rows, batch.malformed)))


def _without_nul(batch: Batch) -> Batch:
    bad = pa.array([False] * len(batch.rows), pa.bool_())
    for name in _texts(batch.rows):
        bad = pc.or_(bad, pc.fill_null(pc.match_substring(batch.rows.column(name), "\0"), False))
    return _without(batch, bad, "nul_character", "holds a NUL character")


def _with_moments(batch: Batch) -> Batch:
    if "date" not in batch.rows.column_names:
        return batch
    written = batch.rows.column("date").to_pandas().astype("str")
    moments = pd.to_datetime(written, format="ISO8601", utc=True, errors="coerce")
    bad = pa.array((written.notna() & moments.isna()).to_numpy())
    found = _without(batch, bad, "bad_date", "its date is not written as ISO 8601 has it, for example 2026-11-22")
    kept = moments[~bad.to_numpy(zero_copy_only=False)].dt.strftime(MOMENT)
    return Batch(_with_column(found.rows, "date", pa.array(kept, TEXT, from_pandas=True)), found.malformed)


def _without(batch: Batch, bad: Any, reason: str, detail: str) -> Batch:
    """The batch with the rows of a mask among its malformed lines."""
    if not pc.any(bad).as_py():
        return batch
    texts = _texts(batch.rows)
    lines = batch.rows.filter(bad).to_pylist()
    malformed = [
        Malformed(line["row"], reason, detail, " | ".join(line[name] or "" for name in texts)) for line in lines
    ]
    return Batch(batch.rows.filter(pc.invert(bad)), sorted(batch.malformed + malformed, key=lambda line: line.row))


def _texts(rows: Any) -> list[str]:
    return [name for name in rows.column_names if name != "row"]


def _with_column(rows: Any, name: str, content: Any) -> Any:
    return rows.set_column(rows.column_names.index(name), name, content)
