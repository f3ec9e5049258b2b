"""Personal data in texts: masked, or the row set aside, or left, as the config says."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from tasks.curate.ledger import Ledger, with_keys
from tasks.pii.masking import mask_all

Treatment = Literal["redact", "drop", "keep"]
REASON = "pii"


def treat_personal_data(ledger: Ledger, treatment: Treatment) -> None:
    """Treat every split. It comes before texts are compared, since what people answered was masked already."""
    for split in ledger.splits if treatment != "keep" else ():
        rows = ledger.splits[split]
        texts, found = mask_all(rows["text"])
        concerned = pd.Series([bool(kinds) for kinds in found], index=rows.index, dtype=bool)
        if treatment == "drop":
            ledger.set_aside(split, concerned, REASON)
            continue
        for kinds in found:
            ledger.masked.update(kinds)
        if concerned.any():
            ledger.splits[split] = with_keys(rows.assign(text=pd.Series(texts, index=rows.index, dtype="str")))


def masked_quarantine(quarantined: pd.DataFrame, treatment: Treatment) -> pd.DataFrame:
    """Rows that left, masked as well unless personal data is to be kept: a curated dataset shall hold none."""
    if treatment == "keep":
        return quarantined
    texts, _ = mask_all(quarantined["text"])
    return quarantined.assign(text=pd.Series(texts, index=quarantined.index, dtype="str"))
