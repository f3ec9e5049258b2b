"""Splits that are stratified by label, by chance or by time, and stay as they are while the data grows."""

from __future__ import annotations

import pandas as pd

from tasks.curate.config import CurationConfig
from tasks.curate.ledger import Ledger, in_order
from tasks.curate.normal_form import text_hash
from tasks.errors import UserInputError


def split_rows(ledger: Ledger, config: CurationConfig) -> None:
    """Move training rows into `validation` and into `holdout`, each where the data brings none.

    Within a label, rows stand in the order of the hash of seed and text, or the newest first; the first go to the
    holdout, the next to validation. So a row keeps its place when others come, and where the border of the holdout
    moves, it moves through validation, or with time towards newer rows: what a champion was trained on does not end up
    in the holdout that judges it. Raises UserInputError where the newest are asked for and no row has a date.
    """
    rows = ledger.splits["train"]
    stratum = rows["label"].fillna("")
    rank = _in_turn(rows, config).groupby(stratum).cumcount().reindex(rows.index)
    count = stratum.groupby(stratum).transform("size")
    held_out = pd.Series(0, index=rows.index)
    if "holdout" not in ledger.splits:
        held_out = _first_share(count, config.holdout_share, leaves=2)
        ledger.splits["holdout"] = in_order(rows[rank < held_out])
    steering = held_out
    if "validation" not in ledger.splits:
        steering = held_out + _first_share(count - held_out, config.validation_share, leaves=1)
        ledger.splits["validation"] = in_order(rows[(rank >= held_out) & (rank < steering)])
    ledger.splits["train"] = in_order(rows[rank >= steering])


def rows_needed(ledger: Ledger) -> int:
    """How many rows a label must have so that each split gets one."""
    return 3 - len(ledger.there("holdout", "validation"))


def _in_turn(rows: pd.DataFrame, config: CurationConfig) -> pd.DataFrame:
    """The rows in the order in which they are held out; of the newest, those without a date come last."""
    drawn = rows.assign(hash=[text_hash(config.seed, key) for key in rows["key"]]).sort_values("hash", kind="stable")
    if config.held_out == "drawn":
        return drawn
    if rows["date"].isna().all():
        raise UserInputError(
            "curation.held_out is newest, but no training row has a date: name the column that holds it in "
            "data.date_column, or set held_out to drawn"
        )
    return drawn.sort_values("date", ascending=False, kind="stable", na_position="last")


def _first_share(count: pd.Series, share: float, leaves: int) -> pd.Series:
    """The share of each count, rounded to the nearest, at least 1, and leaving at least `leaves`."""
    rounded = (count * share + 0.5).astype(int)
    return rounded.clip(lower=1).clip(upper=count - leaves)
