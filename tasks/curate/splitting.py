"""Splits that are stratified by label and stay as they are while the data grows."""

from __future__ import annotations

import pandas as pd

from tasks.curate.config import CurationConfig
from tasks.curate.ledger import Ledger, in_order
from tasks.curate.normal_form import text_hash


def split_rows(ledger: Ledger, config: CurationConfig) -> None:
    """Move training rows into `validation` and into `holdout`, each where the data brings none.

    Within a label, rows stand in the order of the hash of seed and text; the first go to the holdout, the next to
    validation. So a row keeps its place when others come, and where the border of the holdout moves, it moves through
    validation: what a champion was trained on does not end up in the holdout that judges it.
    """
    rows = ledger.splits["train"]
    order = pd.Series([text_hash(config.seed, key) for key in rows["key"]], index=rows.index)
    stratum = rows["label"].fillna("")
    rank = order.groupby(stratum).rank(method="first") - 1
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


def _first_share(count: pd.Series, share: float, leaves: int) -> pd.Series:
    """The share of each count, rounded to the nearest, at least 1, and leaving at least `leaves`."""
    rounded = (count * share + 0.5).astype(int)
    return rounded.clip(lower=1).clip(upper=count - leaves)
