"""The kind of a cell is told from its characters."""

from __future__ import annotations

import pandas as pd
import pytest

from tasks.validate import value_types
from tasks.validate.value_types import KINDS, column_kinds

CELLS = {
    "12": "integer",
    " -3 ": "integer",
    "1.5": "decimal",
    ".5": "decimal",
    "1e5": "decimal",
    "2026-01-31": "date",
    "2026-01-31T10:00:00Z": "date",
    "31.12.2026": "date",
    "12/31/2026": "date",
    "2026-13-01": "text",
    "TRUE": "boolean",
    '{"a":\n 1}': "JSON",
    "[1, 2]": "JSON",
    "{a}": "text",
    "": "empty",
    " \n": "empty",
    "12 apples": "text",
    "call 12": "text",
}


def test_each_cell_has_the_kind_that_it_parses_as(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"answer": pd.Series([*CELLS, None], dtype="str")})
    monkeypatch.setattr(value_types, "CELLS_A_PIECE", 5)
    found = column_kinds(frame, ["answer"])["answer"]
    assert [KINDS[place] for place in found.kinds] == [*CELLS.values(), "missing"]
    assert dict(zip(KINDS, found.counts.tolist(), strict=True))["date"] == 4
    assert found.first("JSON") == 11


def test_a_column_without_cells_has_no_kinds() -> None:
    assert column_kinds(pd.DataFrame({"text": pd.Series(dtype="str")}), ["text"])["text"].counts.sum() == 0
