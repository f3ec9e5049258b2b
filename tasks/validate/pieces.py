"""The results of one expectation on the pieces of a split, merged into the result on the whole split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.validate.checks import Check
from tasks.validate.derived_columns import with_derived

ROWS_SHOWN = 20
PLACE_COLUMNS = ["id", "row"]


def merged_result(pieces: Sequence[Any], check: Check, rows: pd.DataFrame, fails: NDArray[np.bool_]) -> Any:
    """One `ExpectationValidationResult`, with counts over all pieces and the first failing rows for Data Docs.

    Shares are computed as Great Expectations does: of the cells that are there, for an expectation that skips nulls.
    """
    whole = pieces[0]
    if "element_count" in whole.result:
        whole.result = _added_up([one.result for one in pieces])
        looked_at = whole.result["element_count"] - whole.result.get("missing_count", 0)
        failing = whole.result["unexpected_count"]
        share = 1 - failing / looked_at if looked_at else 1.0
        whole.success = share >= float(check.arguments.get("mostly", 1))
    shown = np.flatnonzero(fails)[:ROWS_SHOWN]
    if len(shown):
        whole.result |= _examples(check, rows.iloc[shown])
    return whole


def _added_up(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    total: dict[str, Any] = {
        name: sum(one[name] for one in results)
        for name in ("element_count", "unexpected_count", "missing_count")
        if name in results[0]
    }
    elements, failing = total["element_count"], total["unexpected_count"]
    percent = 100 * failing / elements if elements else None
    if "missing_count" not in total:
        return {**total, "unexpected_percent": percent}
    there = elements - total["missing_count"]
    of_those = 100 * failing / there if there else None
    missing = 100 * total["missing_count"] / elements if elements else None
    return {
        **total,
        "missing_percent": missing,
        "unexpected_percent": of_those,
        "unexpected_percent_total": percent,
        "unexpected_percent_nonmissing": of_those,
    }


def _examples(check: Check, rows: pd.DataFrame) -> dict[str, Any]:
    """The cells of failing rows as Data Docs show them, several columns as one value, with the rows' places."""
    rows = with_derived(rows, check.columns)
    cells = [
        _value([None if pd.isna(cell) else cell for cell in row]) for row in rows[check.columns].itertuples(index=False)
    ]
    places = rows[PLACE_COLUMNS].astype(object).where(rows[PLACE_COLUMNS].notna(), None).to_dict("records")
    counts = Counter(cells)
    return {
        "partial_unexpected_list": cells,
        "partial_unexpected_counts": [{"value": value, "count": count} for value, count in counts.items()],
        "unexpected_index_list": [{"value": cell, **place} for cell, place in zip(cells, places, strict=True)],
        "unexpected_index_column_names": PLACE_COLUMNS,
    }


def _value(cells: list[Any]) -> Any:
    return cells[0] if len(cells) == 1 else " · ".join("(null)" if cell is None else str(cell) for cell in cells)
