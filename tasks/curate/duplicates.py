"""Rows that repeat a text: within a split, between training and holdout, and between unlabelled and labelled rows."""

from __future__ import annotations

from tasks.curate.ledger import Ledger

CONFLICT = "conflicting_labels"
LEAK = "in_holdout"


def remove_repeats(ledger: Ledger) -> None:
    """Leave every text in one row of one split; what the holdout has stays there."""
    if "holdout" in ledger.splits:
        merge_duplicates(ledger, "holdout")
        ledger.set_aside("train", ledger.splits["train"]["key"].isin(ledger.keys("holdout")), LEAK)
    merge_duplicates(ledger, "train")
    if "unlabelled" in ledger.splits:
        labelled = ledger.keys("train", "holdout")
        ledger.merge("unlabelled", ledger.splits["unlabelled"]["key"].isin(labelled), "repeat a labelled row")
        ledger.merge("unlabelled", ledger.splits["unlabelled"]["key"].duplicated(), "repeat another row")


def merge_duplicates(ledger: Ledger, split: str) -> None:
    """Fold rows with the same text and label into the first; where the labels differ, set all of them aside."""
    rows = ledger.splits[split]
    ledger.set_aside(split, rows.groupby("key")["label"].transform("nunique") > 1, CONFLICT)
    ledger.merge(split, ledger.splits[split]["key"].duplicated(), "repeat another row")
