"""A target mix: training rows weighted or thinned out until their cells have the shares that were asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from tasks.curate.normal_form import text_hash
from tasks.errors import UserInputError
from tasks.pii.shown_rows import shown_text
from tasks.section import Section

OVER = "over_target_mix"


class Mix(Section):
    """The mix of the training rows, by one dimension of their coverage."""

    by: Literal[
        "label", "group", "topic", "style", "length", "form", "letters", "task_type", "asked_format", "openness"
    ]
    """What the mix is a mix of."""
    target: Literal["traffic", "uniform"] | dict[str, float] = "traffic"
    """The shares to reach: real traffic's, the same for every cell, or one for each cell that is named, while the other
    cells keep their proportions in what is left."""
    method: Literal["weights", "downsample"] = "weights"
    """Give rows weights in training, or take rows out of cells that have too many."""
    max_weight: float = Field(default=5.0, gt=1)
    """No row counts for more than this many; what that leaves short is stated."""
    max_dropped_share: float = Field(default=0.5, gt=0, lt=1)
    """With downsample: a target that would take out a greater share of the rows is refused."""


@dataclass(frozen=True, eq=False)
class Mixed:
    """What has to happen to each row, and what comes of it."""

    weights: pd.Series | None
    """Weight of each row, of mean 1; null where rows are taken out instead."""
    reasons: pd.Series
    """OVER for each row to take out, null for the others."""
    table: pd.DataFrame
    """A row a cell: `cell`, `rows`, `share`, `target` and `reached`, the share that it has afterwards."""
    effective_rows: float
    """Rows that would tell as much with equal weights: the squared sum of the weights over the sum of their squares
    (Kish 1965, section 11.7)."""
    out_of_reach: float
    """The share of traffic that is in cells without a training row, which no mix of these rows can reach."""


def mix_to(
    cells: pd.Series, keys: pd.Series, settings: Mix, *, traffic_cells: pd.Series | None = None, seed: int = 0
) -> Mixed:
    """Weigh or thin out rows so that `cells` (one a row, the dimension that `settings.by` names) reach the target.

    `keys` are the rows' texts in normal form: the order in which rows of a cell leave depends on nothing but them and
    the seed, so that growing data changes few. Rows in no cell (null) keep weight 1 and their place. Raises
    UserInputError for a target that cannot be reached.
    """
    counts = cells.dropna().value_counts().sort_index()
    if counts.empty:
        raise UserInputError(f"curation.mix.by: {settings.by}: no training row has one, so there is no mix of them")
    target = _target(counts, settings, traffic_cells)
    if settings.method == "weights":
        by_cell = _weights(counts / counts.sum(), target, settings.max_weight)
        weights = cells.map(by_cell).astype("float64").fillna(1.0)
        kept, reasons = counts * by_cell, pd.Series(None, index=cells.index, dtype="str")
    else:
        kept = _kept(counts, target, settings)
        rank = _places(keys, seed).set_axis(cells.index).groupby(cells).rank(method="first")
        over = (rank > cells.map(kept)).to_numpy(dtype=bool)
        weights, reasons = None, pd.Series(OVER, index=cells.index, dtype="str").where(over)
    table = pd.DataFrame(
        {"rows": counts, "share": counts / counts.sum(), "target": target, "reached": kept / kept.sum()}
    )
    counted = weights if weights is not None else reasons.isna().astype("float64")
    return Mixed(
        weights=weights,
        reasons=reasons,
        table=table.rename_axis("cell").reset_index(),
        effective_rows=float(counted.sum() ** 2 / (counted**2).sum()),
        out_of_reach=_out_of_reach(counts, settings, traffic_cells),
    )


def _places(keys: pd.Series, seed: int) -> pd.Series:
    return pd.Series([text_hash(seed, key) for key in keys], index=keys.index)


def _target(counts: pd.Series, settings: Mix, traffic_cells: pd.Series | None) -> pd.Series:
    """The share that each cell with rows shall have, summing to 1."""
    if settings.target == "uniform":
        return pd.Series(1 / len(counts), index=counts.index)
    if settings.target == "traffic":
        seen = None if traffic_cells is None else traffic_cells.dropna().value_counts()
        if seen is None or seen.empty:
            raise UserInputError(
                f"curation.mix.target: traffic: there is no real traffic whose {settings.by} is known. Give traffic a "
                "source, mix by what traffic has too (topic, style, …), or name the shares"
            )
        # Half a row more in each cell, so that one which traffic has not shown yet is not emptied.
        shares = seen.reindex(counts.index, fill_value=0) + 0.5
        return shares / shares.sum()
    return _named_shares(counts, settings.target, settings.by)


def _out_of_reach(counts: pd.Series, settings: Mix, traffic_cells: pd.Series | None) -> float:
    if settings.target != "traffic" or traffic_cells is None:
        return 0.0
    return float((~traffic_cells.dropna().isin(counts.index)).mean())


def _named_shares(counts: pd.Series, named: dict[str, float], by: str) -> pd.Series:
    where = f"curation.mix.target (by {by})"
    unknown = sorted(set(named) - set(counts.index))
    if unknown:
        listed = ", ".join(shown_text(cell, 40) for cell in counts.index[:20])
        raise UserInputError(f"{where}: no training row is in {shown_text(unknown[0], 40)!r}. There are: {listed}")
    total = sum(named.values())
    others = counts.drop(list(named))
    in_order = abs(total - 1) < 1e-6 if others.empty else total < 1
    if min(named.values(), default=1) <= 0 or not in_order:
        allowed = "1" if others.empty else f"less than 1, since {len(others):,} cells that have rows are not named"
        raise UserInputError(f"{where}: every share must be above 0, and their sum must be {allowed}; it is {total:g}")
    rest = others / max(others.sum(), 1) * (1 - total)
    shares: pd.Series = pd.concat([pd.Series(named, dtype="float64"), rest]).reindex(counts.index)
    return shares


def _weights(shares: pd.Series, target: pd.Series, most: float) -> pd.Series:
    """The weight of each cell, of mean 1 over the rows: target over share, but none above `most`; the other cells share
    what the capped ones leave in the proportions of their targets."""
    capped = pd.Series(False, index=shares.index)
    while True:
        left = 1 - most * shares[capped].sum()
        wanted = target / shares * left / target[~capped].sum()
        above = ~capped & (wanted > most + 1e-12)
        if not above.any():
            return wanted.where(~capped, most)
        capped |= above


def _kept(counts: pd.Series, target: pd.Series, settings: Mix) -> pd.Series:
    """Rows to keep in each cell: as many as the scarcest cell allows."""
    scarcest = str((counts / target).idxmin())
    kept_rows = counts[scarcest] / target[scarcest]
    dropped = 1 - kept_rows / counts.sum()
    if dropped > settings.max_dropped_share:
        needed = int(np.ceil(target[scarcest] * (1 - settings.max_dropped_share) * counts.sum()))
        raise UserInputError(
            f"curation.mix: {shown_text(scarcest, 40)!r} has {counts[scarcest]:,} of {counts.sum():,} rows and shall "
            f"have {target[scarcest]:.1%}: that would take out {dropped:.0%} of the rows, and max_dropped_share allows "
            f"{settings.max_dropped_share:.0%}. Bring it to about {needed:,} rows, name another target, or use weights"
        )
    kept: pd.Series = np.floor(target * kept_rows + 1e-9).clip(lower=1).astype("int64")
    return kept
