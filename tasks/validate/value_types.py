"""What kind of value each cell of a column is, told from its characters, and the share of each kind in a split.

Cells are strings whatever they were in the source, so a type is what a cell parses as after trimming: `integer`,
`decimal`, `date` (ISO 8601, or day and month with the year last), `boolean` (true, false), `JSON` (an object or a list
that parses), `empty`, else `text`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

COMPARED_COLUMNS = ("text", "label", "group", "answer", "rejected")
MISSING = "missing"
PATTERNS = {
    "empty": r"^$",
    "integer": r"^[+-]?[0-9]+$",
    "decimal": r"^[+-]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+[eE][+-]?[0-9]+)([eE][+-]?[0-9]+)?$",
    "date": r"^([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([T ][0-9]{2}:[0-9]{2}\S*)?"
    r"|(0?[1-9]|[12][0-9]|3[01])[./](0?[1-9]|[12][0-9]|3[01])[./][0-9]{4})$",
    "boolean": r"^(?i:true|false)$",
}
JSON_OUTSIDE = r"(?s)^(\{.*\}|\[.*\])$"
TYPES = (*PATTERNS, "JSON", "text")
KINDS = (MISSING, *TYPES)
CELLS_A_PIECE = 100_000


@dataclass(frozen=True)
class ColumnKinds:
    """The kinds of the cells of one column in one split."""

    kinds: NDArray[np.int8]
    """The place in KINDS of each cell, [n]."""

    @property
    def counts(self) -> NDArray[np.int64]:
        """Cells of each kind, in the order of KINDS."""
        return np.bincount(self.kinds, minlength=len(KINDS))

    def first(self, kind: str) -> int:
        """The place of the first cell of a kind, which must be there."""
        return int(np.argmax(self.kinds == KINDS.index(kind)))


def column_kinds(rows: pd.DataFrame, columns: Sequence[str] = COMPARED_COLUMNS) -> dict[str, ColumnKinds]:
    """The kinds of each column's cells, in the order of the rows."""
    found = {}
    for column in columns:
        cells = rows[column]
        pieces = [_kinds(cells.iloc[at : at + CELLS_A_PIECE]) for at in range(0, len(cells), CELLS_A_PIECE)]
        found[column] = ColumnKinds(np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.int8))
    return found


def _kinds(cells: pd.Series) -> NDArray[np.int8]:
    strings = pa.array(cells, type=pa.large_string(), from_pandas=True)
    trimmed = pc.utf8_trim_whitespace(strings)
    kinds = np.full(len(strings), KINDS.index("text"), dtype=np.int8)
    for name, pattern in PATTERNS.items():
        kinds[_matches(trimmed, pattern)] = KINDS.index(name)
    possible = np.flatnonzero(_matches(trimmed, JSON_OUTSIDE))
    parses = [_is_json(text) for text in trimmed.take(possible).to_pylist()]
    kinds[possible[np.array(parses, dtype=bool)]] = KINDS.index("JSON")
    kinds[pc.is_null(strings).to_numpy(zero_copy_only=False)] = KINDS.index(MISSING)
    return kinds


def _matches(strings: pa.Array, pattern: str) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (
        pc.match_substring_regex(strings, pattern).fill_null(False).to_numpy(zero_copy_only=False)
    )
    return found


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
