"""The ledger of a curation: the rows by split, and where every row that left went and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from tasks.datasets.folder import COLUMNS, QUARANTINE_COLUMNS, set_aside, with_all_columns

STAGE = "curate"


@dataclass
class Ledger:
    """Rows on their way through the curation. The splits hold COLUMNS and `key`, the normal form of the text."""

    splits: dict[str, pd.DataFrame]
    came_in: dict[str, int] = field(default_factory=dict)
    """Rows that came into this stage, by split; answers under `answers`."""
    aside: list[pd.DataFrame] = field(default_factory=list)
    """Rows set aside here, in QUARANTINE_COLUMNS."""
    noted: list[pd.DataFrame] = field(default_factory=list)
    """Rows that were flagged and stayed, in QUARANTINE_COLUMNS."""
    merged: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Rows folded into another, by the split they left and what they were."""
    masked: Counter[str] = field(default_factory=Counter)
    """Personal data masked, by kind."""

    @classmethod
    def of(cls, splits: Mapping[str, pd.DataFrame]) -> Ledger:
        """A ledger that begins with these rows, in a fixed order."""
        ordered = {split: in_order(rows) for split, rows in splits.items()}
        return cls(ordered, came_in={split: len(rows) for split, rows in splits.items()})

    def there(self, *splits: str) -> list[str]:
        """Those of the splits that there are."""
        return [split for split in splits if split in self.splits]

    def take(self, split: str, column: str) -> pd.Series:
        """A column of a split, which the split then no longer has."""
        rows = self.splits[split]
        self.splits[split] = rows.drop(columns=column)
        return rows[column]

    def drop(self, *columns: str) -> None:
        """Take columns that nothing needs any more out of every split."""
        self.splits = {split: rows.drop(columns=list(columns), errors="ignore") for split, rows in self.splits.items()}

    def flag(self, split: str, reasons: pd.Series, remove: bool = True) -> int:
        """Count the rows with a reason (null where a row is in order); quarantine them, or only note them.

        `reasons` has the index of the split's rows, or of some of them.
        """
        flagged = reasons.dropna()
        rows = self.splits[split].loc[flagged.index]
        if remove and len(rows):
            self.set_rows_aside(split, rows, flagged)
            self.splits[split] = self.splits[split].drop(index=flagged.index)
        elif len(rows):
            self.noted.append(set_aside(rows, split, STAGE, flagged))
        return len(flagged)

    def set_aside(self, split: str, chosen: pd.Series, reason: str) -> None:
        """Quarantine the chosen rows (a boolean mask) of a split."""
        self.flag(split, pd.Series(reason, index=chosen.index, dtype="str").where(chosen))

    def set_rows_aside(self, split: str, rows: pd.DataFrame, reason: str | pd.Series) -> None:
        """Quarantine rows that stand in no split, or no longer."""
        if len(rows):
            self.aside.append(set_aside(rows, split, STAGE, reason))

    def fold(self, split: str, chosen: pd.Series, what: str, remove: bool = True) -> int:
        """Count the chosen rows (a boolean mask) of a split, and fold them into the rows that they repeat."""
        count = int(chosen.sum())
        if remove and count:
            self.merged[split, what] += count
            self.splits[split] = self.splits[split][~chosen]
        return count

    def keys(self, *splits: str) -> set[str]:
        """The normal forms of all texts in the splits."""
        return {key for split in splits if split in self.splits for key in self.splits[split]["key"]}

    def quarantined(self, earlier: pd.DataFrame) -> pd.DataFrame:
        """All rows that ever left, the earlier stages' first."""
        return with_all_columns(pd.concat([earlier, *self.aside], ignore_index=True), QUARANTINE_COLUMNS)


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows in the one order that datasets are stored in, whatever order they came in."""
    ordered = rows.sort_values(["source", "row", "id"], kind="stable", ignore_index=True)
    extra = ordered[[name for name in ordered.columns if name not in COLUMNS]]
    return with_all_columns(ordered).assign(**{str(name): extra[name] for name in extra})
