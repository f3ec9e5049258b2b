"""Train against validation and against the holdout: missing cells, types of values, and labels, as they came in.

The limit `validation.max_difference` is a difference of shares, 0.5 percentage points by default. In large splits that
is all there is to it. In small ones the same number would stop runs at random: 0.5 % of 600 rows are three, and where
one text in a hundred is a number, 600 rows and 1,644 rows of the same source differ by more in two draws of seven. So
a difference stops the run where it is above the limit and also
- more than chance: Fisher's exact test on the two counts, two-sided, mid-p (Lancaster, JASA 1961; the plain test is too
  forgiving for few rows), at 5 % over the figures that are compared between two splits (Bonferroni);
- at least two rows of the smaller split, because one odd row is no trend.
What is above the limit and does not stop the run is in the report with the reason. Four missing labels in a holdout of
600 stop a run whose 1,644 training rows have none; three are 0.5 % and do not.

What came in is compared, before any row is set aside: a half-empty export must not become a clean small split.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from tasks.validate.value_types import KINDS, MISSING, TYPES, ColumnKinds, column_kinds

COMPARED_SPLITS = ("validation", "holdout")
CHANCE = 0.05
"""How seldom a difference must arise between two draws from one source, over all figures, to be more than that."""
FEWEST_ROWS = 2


@dataclass(frozen=True)
class Difference:
    """The share of one kind of cell (`missing`, or a type) of a column, in train and in another split."""

    column: str
    kind: str
    split: str
    counts: tuple[int, int]
    """Cells of the kind in train and in the split."""
    totals: tuple[int, int]
    """Cells that they are a share of: all, or for a type those that are not missing."""
    chance: float
    """How likely chance alone is to make some figure differ as much, at most 1."""
    first: int
    """The place of the first such cell, in the split with the larger share."""

    @property
    def shares(self) -> tuple[float, float]:
        """The shares in train and in the split."""
        train, other = (count / total for count, total in zip(self.counts, self.totals, strict=True))
        return train, other

    @property
    def size(self) -> float:
        """The absolute difference of the shares."""
        # Rounded, or 100 % against 99.5 % would be more than 0.5 %.
        return round(abs(self.shares[0] - self.shares[1]), 12)

    @property
    def more_in(self) -> str:
        """The split with the larger share."""
        return self.split if self.shares[1] > self.shares[0] else "train"

    @property
    def rows(self) -> float:
        """The difference in rows of the smaller split."""
        return round(self.size * min(self.totals), 6)

    def stops(self, limit: float) -> bool:
        """Whether it is above the limit, more than chance, and more than a row."""
        return self.size > limit and self.chance < CHANCE and self.rows >= FEWEST_ROWS


def differences(splits: Mapping[str, pd.DataFrame]) -> list[Difference]:
    """Every figure in which train differs from validation or the holdout, the largest difference of a column first.

    Splits that did not come with the data are not compared; nor are shares of nothing, where a column is all missing.
    """
    kinds = {split: column_kinds(splits[split]) for split in ("train", *COMPARED_SPLITS) if split in splits}
    train = kinds.pop("train")
    found: list[Difference] = []
    for split, other in kinds.items():
        figures = sum(_figures(train[column], other[column]) for column in train)
        for column in train:
            found += _of_column(column, split, train[column], other[column], figures)
    # Of two complementary kinds the one that is new to a split says more than the one that became fewer.
    return sorted(found, key=lambda one: (-one.size, min(one.shares), one.column))


def _figures(train: ColumnKinds, other: ColumnKinds) -> int:
    """How many figures of a column can differ: the share of missing cells, and those of types less the last."""
    together = train.counts + other.counts
    missing, there = together[KINDS.index(MISSING)], together.sum() - together[KINDS.index(MISSING)]
    types = int((together[1:] > 0).sum())
    return int(missing > 0 and there > 0) + max(types - 1, 0)


def _of_column(column: str, split: str, train: ColumnKinds, other: ColumnKinds, figures: int) -> Iterator[Difference]:
    all_of = len(train.kinds), len(other.kinds)
    missing = int(train.counts[0]), int(other.counts[0])
    there = all_of[0] - missing[0], all_of[1] - missing[1]
    for kind in KINDS:
        counts = int(train.counts[KINDS.index(kind)]), int(other.counts[KINDS.index(kind)])
        totals = there if kind in TYPES else all_of
        if min(totals) == 0 or counts[0] * totals[1] == counts[1] * totals[0]:
            continue
        larger = other if counts[1] / totals[1] > counts[0] / totals[0] else train
        chance = min(1.0, figures * _mid_p(counts, totals))
        yield Difference(column, kind, split, counts, totals, chance, larger.first(kind))


def _mid_p(counts: tuple[int, int], totals: tuple[int, int]) -> float:
    """Two-sided mid-p of Fisher's exact test: half of the observed table's own probability is taken off."""
    from scipy.stats import fisher_exact, hypergeom

    table = [[count, total - count] for count, total in zip(counts, totals, strict=True)]
    own = float(hypergeom.pmf(counts[0], sum(totals), sum(counts), totals[0]))
    return max(0.0, float(fisher_exact(table).pvalue) - own / 2)
