"""What the rules and the report look at: every split with what came of its checks, and the comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from tasks.records import TaskKind
from tasks.validate.agreement import Difference
from tasks.validate.suite import Outcome


@dataclass(frozen=True)
class CheckedSplit:
    """The rows of a split, for each the reason why it is set aside, or null, and what came of every check."""

    split: str
    rows: pd.DataFrame
    why: pd.Series
    outcomes: Sequence[Outcome] = ()

    @cached_property
    def good(self) -> pd.DataFrame:
        """The rows that fail nothing."""
        good = self.why.isna()
        return self.rows if good.all() else self.rows[good]

    @cached_property
    def bad(self) -> pd.DataFrame:
        """The rows that are set aside, with their `reason`."""
        return self.rows[self.why.notna()].assign(reason=self.why.dropna())


@dataclass(frozen=True)
class CheckedSet:
    """All that the rules look at."""

    task: TaskKind
    splits: Sequence[CheckedSplit]
    allowed: Sequence[str] = ()
    """The labels that a row may have."""
    differences: Sequence[Difference] = ()
    """Train against validation and the holdout."""

    @cached_property
    def by_name(self) -> dict[str, CheckedSplit]:
        """The splits by their names."""
        return {one.split: one for one in self.splits}


def called(split: str) -> str:
    """A split as it is called in a sentence."""
    return "validation split" if split == "validation" else split
