"""How much of the training rows and of real traffic is in each cell, and which cells are thin."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

RATIO_COLUMNS = (
    "cell",
    "rows",
    "share",
    "traffic_rows",
    "traffic_share",
    "ratio",
    "ratio_low",
    "ratio_high",
    "thin",
    "missing_rows",
)


def compare_cells(
    cells: pd.Series,
    traffic: pd.Series | None,
    *,
    thin_ratio: float,
    min_rows: int,
    confidence: float,
    rows_for_each: float = 1.0,
) -> pd.DataFrame:
    """A row a cell, with RATIO_COLUMNS, the fullest first; rows and traffic in no cell (null) are not counted.

    `rows` are those of `cells`, each of which stands for `rows_for_each` of the set; `share` is among all that are in a
    cell; `ratio` is the share over traffic's, with its interval. A cell is thin where the whole interval lies below
    `thin_ratio`, or with fewer than `min_rows` rows of the set, unless traffic is known and has none in it;
    `missing_rows` would give it what traffic and `min_rows` ask for. Without traffic, or where none of it is in a cell,
    the traffic columns are null.
    """
    counts = cells.dropna().value_counts()
    seen = pd.Series(dtype=np.int64) if traffic is None else traffic.dropna().value_counts()
    every = counts.index.union(seen.index)
    rows = _counts(counts, every)
    table = pd.DataFrame({"cell": every.astype("str"), "rows": rows, "share": _share(rows)})
    if seen.empty:
        table = table.assign(**dict.fromkeys(RATIO_COLUMNS[3:8], np.nan))
    else:
        known = _counts(seen, every)
        ratio, low, high = share_ratio(rows, known, confidence)
        table = table.assign(traffic_rows=known.astype(float), traffic_share=_share(known))
        table = table.assign(ratio=ratio, ratio_low=low, ratio_high=high)
    few = (table["rows"] * rows_for_each < min_rows) & (table["traffic_rows"] != 0)
    table["thin"] = few | (table["ratio_high"] < thin_ratio)
    table["missing_rows"] = _missing(table, rows_for_each, min_rows)
    return table[list(RATIO_COLUMNS)].sort_values(["rows", "cell"], ascending=[False, True], ignore_index=True)


def share_ratio(ours: Counts, theirs: Counts, confidence: float) -> tuple[Floats, Floats, Floats]:
    """The ratio of our share to theirs (null where theirs is 0) and its interval; all are of shape (cells,).

    For the interval a half is added to every count and total, which keeps cells without rows finite, and the logarithm
    of the ratio is taken as normal (Walter 1975; Pettigrew, Gart and Thomas 1986).
    """
    from scipy.stats import norm

    half = [(counts + 0.5, counts.sum() + 0.5) for counts in (ours, theirs)]
    (a, n), (b, m) = half
    middle = (a / n) / (b / m)
    spread = np.exp(norm.ppf((1 + confidence) / 2) * np.sqrt(np.maximum(1 / a - 1 / n + 1 / b - 1 / m, 0)))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(theirs > 0, _share(ours) / _share(theirs), np.nan)
    return ratio, np.fmin(middle / spread, ratio), np.fmax(middle * spread, ratio)


def listed_cells(table: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most so many cells of a table, in its order: those furthest from traffic's share either way, or without
    traffic the fullest and the emptiest."""
    if len(table) <= most:
        return table
    by = table["ratio"].fillna(np.inf) if table["ratio"].notna().any() else table["rows"]
    order = by.sort_values(kind="stable").index
    return table.loc[table.index.isin([*order[: most // 2], *order[-(most - most // 2) :]])]


def shown_share(share: float) -> str:
    """A share in per cent, one digit behind the point; none that is not 0 or 1 looks as if it were."""
    if 0 < share < 0.0005:
        return "<0.1%"
    return ">99.9%" if 0.9995 <= share < 1 else f"{share:.1%}"


def _counts(found: pd.Series, every: pd.Index) -> Counts:
    return np.asarray(found.reindex(every, fill_value=0), dtype=np.int64)


def _share(counts: Counts) -> Floats:
    shares: Floats = counts / max(counts.sum(), 1)
    return shares


def _missing(table: pd.DataFrame, rows_for_each: float, min_rows: int) -> pd.Series:
    """Rows to add to each thin cell alone so that it has traffic's share and `min_rows`; 0 where it is not thin."""
    rows = table["rows"] * rows_for_each
    target = table["traffic_share"].fillna(0).clip(upper=0.99)
    wanted = ((target * rows.sum() - rows) / (1 - target)).clip(lower=0)
    missing = pd.Series(np.ceil(np.maximum(wanted, min_rows - rows) - 1e-9), index=table.index)
    return missing.where(table["thin"], 0).astype("int64")
