"""Labels and lengths of the new rows against those that the champion was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TRAINED_ON = ("train", "validation")
MOVED_SHOWN = 10


@dataclass(frozen=True)
class LabelShift:
    """How far the labels moved."""

    distance: float
    """Jensen-Shannon distance to base 2: 0 where the shares are the same, 1 where no label is shared."""
    moved: pd.DataFrame
    """The labels that moved most: `before` and `now` (shares of rows), indexed by label."""


@dataclass(frozen=True)
class LengthShift:
    """How far the lengths of a column moved."""

    column: str
    statistic: float
    """Two-sample Kolmogorov-Smirnov statistic: the largest difference of the shares of rows up to a length, 0 to 1."""
    p: float
    """How likely two draws from one source differ as much."""
    before: NDArray[np.int64]
    """Characters of each cell that the champion was trained on."""
    now: NDArray[np.int64]
    """Characters of each new cell."""


@dataclass(frozen=True)
class Shift:
    """The new rows against the rows of the champion's dataset."""

    rows: tuple[int, int]
    """Rows compared, before and now."""
    labels: LabelShift | None
    """Null where rows have no labels."""
    lengths: list[LengthShift] = field(default_factory=list)


def measured_shift(before: Sequence[pd.DataFrame], now: Sequence[pd.DataFrame]) -> Shift | None:
    """Compare the frames of training rows; None where either side has no rows.

    Like is compared with like: the champion's rows went through curation, which merges rows with the same text and may
    add made-up ones. So made-up rows do not count, and a text counts once, on both sides.
    """
    old, new = _once(before), _once(now)
    if old.empty or new.empty:
        return None
    labelled = old["label"].notna().any() and new["label"].notna().any()
    lengths = [_length_shift(column, old[column].dropna(), new[column].dropna()) for column in ("text", "answer")]
    return Shift(
        (len(old), len(new)),
        _label_shift(old["label"], new["label"]) if labelled else None,
        [one for one in lengths if one is not None],
    )


def jensen_shannon_distance(left: Floats, right: Floats) -> float:
    """The square root of the Jensen-Shannon divergence to base 2 of two distributions over the same cells, [n] each.

    J. Lin, Divergence measures based on the Shannon entropy, 1991; D. Endres and J. Schindelin, 2003, for the root.
    """
    middle = (left + right) / 2
    divergence = 0.0
    for side in (left, right):
        there = side > 0
        divergence += float(np.sum(side[there] * np.log2(side[there] / middle[there]))) / 2
    return float(np.sqrt(np.clip(divergence, 0.0, 1.0)))


def _once(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    columns = ["text", "label", "answer", "made_by"]
    rows = pd.concat([frame[columns] for frame in frames], ignore_index=True)
    rows = rows[rows["made_by"].isna()]
    rows = rows.assign(text=rows["text"].str.strip(), answer=rows["answer"].str.strip())
    return rows.drop_duplicates(["text", "label", "answer"])


def _label_shift(before: pd.Series, now: pd.Series) -> LabelShift:
    shares = pd.DataFrame({"before": before.value_counts(normalize=True), "now": now.value_counts(normalize=True)})
    shares = shares.fillna(0.0).sort_index()
    distance = jensen_shannon_distance(shares["before"].to_numpy(), shares["now"].to_numpy())
    moved = (shares["now"] - shares["before"]).abs().sort_values(kind="stable", ascending=False)
    return LabelShift(distance, shares.loc[moved[moved > 0].index[:MOVED_SHOWN]])


def _length_shift(column: str, before: pd.Series, now: pd.Series) -> LengthShift | None:
    from scipy.stats import ks_2samp

    if before.empty or now.empty:
        return None
    old, new = (cells.str.len().to_numpy().astype(np.int64) for cells in (before, now))
    found = ks_2samp(old, new, method="asymp")
    return LengthShift(column, float(found.statistic), float(found.pvalue), old, new)
