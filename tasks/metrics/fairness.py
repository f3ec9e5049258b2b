"""How unequally a classifier serves groups: true and false positive rates by group, and their largest difference.

Equal opportunity asks for equal true positive rates, equalised odds for equal false positive rates as well (Hardt,
Price and Srebro 2016, "Equality of opportunity in supervised learning"). With one positive label the figures are those
of fairlearn's `equal_opportunity_difference` and `equalized_odds_difference` (between groups, worst case). Without one
every label is positive in turn: a group's rate is the mean over the labels of which every judged group has a row, so
that the same labels speak for each group and no group looks worse for having the harder ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.metrics.largest_difference import Rate, largest_difference
from tasks.records import Measurement

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class GroupCounts:
    """Rows counted by group (first axis, as `names` has them) and label; `names` are sorted."""

    names: tuple[str, ...]
    hits: Integers
    """Rows with the label that were given it, of shape (groups, labels)."""
    actual: Integers
    """Rows with the label, of shape (groups, labels)."""
    false: Integers
    """Rows with another label that were given this one, of shape (groups, labels)."""

    @property
    def rows(self) -> Integers:
        """Rows of each group, of shape (groups,)."""
        return np.asarray(self.actual.sum(axis=1))

    @property
    def others(self) -> Integers:
        """Rows with another label, of shape (groups, labels)."""
        return np.asarray(self.rows[:, None] - self.actual)

    @property
    def true_positive_rates(self) -> Floats:
        """Share of a label's rows that were given it, of shape (groups, labels); NaN where there are none."""
        return _share(self.hits, self.actual)

    @property
    def false_positive_rates(self) -> Floats:
        """Share of other labels' rows that were given it, of shape (groups, labels); NaN where there are none."""
        return _share(self.false, self.others)


@dataclass(frozen=True)
class GroupRates:
    """One group's rates over the labels compared; a rate is null where the group has no row for it."""

    name: str
    rows: int
    true_positive: Rate | None
    false_positive: Rate | None
    enough_true: bool
    """Whether there are rows enough for the true positive rate to decide anything."""
    enough_false: bool
    """Whether there are rows enough for the false positive rate to decide anything."""


@dataclass(frozen=True)
class Comparison:
    """Every group's rates, those left out as well, and the indices of the labels that they are means over."""

    labels: tuple[int, ...]
    groups: tuple[GroupRates, ...]

    @property
    def true_positive(self) -> list[Rate]:
        """The judged groups' true positive rates."""
        return [each.true_positive for each in self.groups if each.enough_true and each.true_positive is not None]

    @property
    def false_positive(self) -> list[Rate]:
        """The judged groups' false positive rates."""
        return [each.false_positive for each in self.groups if each.enough_false and each.false_positive is not None]


def count_by_group(labels: Integers, predicted: Integers, groups: npt.NDArray[np.object_], classes: int) -> GroupCounts:
    """Counts of label and prediction indices of shape (rows,) below `classes`; rows whose group is None are left out.

    Raises ValueError where the arrays differ in length.
    """
    if not len(labels) == len(predicted) == len(groups):
        raise ValueError(f"{len(labels)} labels, {len(predicted)} predictions and {len(groups)} groups")
    known = np.array([group is not None for group in groups], dtype=bool)
    truth, given, right = labels[known], predicted[known], (labels == predicted)[known]
    names, index = np.unique(groups[known].astype(str), return_inverse=True)
    shape = (len(names), classes)

    def count(chosen: npt.NDArray[np.bool_], label: Integers) -> Integers:
        cells = index[chosen] * classes + label[chosen]
        return np.bincount(cells, minlength=shape[0] * classes).reshape(shape)

    every = np.ones(len(truth), dtype=bool)
    return GroupCounts(tuple(map(str, names)), count(right, truth), count(every, truth), count(~right, given))


def compare_groups(counts: GroupCounts, positive: int | None, smallest_group: int) -> Comparison:
    """Rates of every group, and whether it has rows enough to be judged: `smallest_group`, at least 1.

    With the index of a positive label those are the group's rows with that label for the true positive rate and its
    rows with another for the false positive rate; without one, all its rows.
    """
    size = max(smallest_group, 1)
    if positive is None:
        enough_true = enough_false = counts.rows >= size
        has_rows = counts.actual[enough_true].min(axis=0, initial=1) > 0
        labels = np.flatnonzero(has_rows) if enough_true.any() else np.array([], dtype=np.int64)
    else:
        labels = np.array([positive])
        enough_true, enough_false = counts.actual[:, positive] >= size, counts.others[:, positive] >= size
    found = [
        GroupRates(
            name=name,
            rows=int(counts.rows[place]),
            true_positive=_true_positive(counts, place, labels),
            false_positive=_false_positive(counts, place, labels),
            enough_true=bool(enough_true[place]),
            enough_false=bool(enough_false[place]),
        )
        for place, name in enumerate(counts.names)
    ]
    return Comparison(tuple(int(label) for label in labels), tuple(found))


def equal_opportunity_difference(
    compared: Comparison, *, samples: int, confidence: float, seed: int
) -> Measurement | None:
    """Largest difference of true positive rates between two judged groups; None where fewer than two are judged."""
    if len(compared.true_positive) < 2:
        return None
    return largest_difference([compared.true_positive], samples=samples, confidence=confidence, seed=seed)


def equalised_odds_difference(
    compared: Comparison, *, samples: int, confidence: float, seed: int
) -> Measurement | None:
    """The larger of the largest differences of true and of false positive rates; None where one cannot be told."""
    families = [compared.true_positive, compared.false_positive]
    if min(len(family) for family in families) < 2:
        return None
    return largest_difference(families, samples=samples, confidence=confidence, seed=seed)


def _share(count: Integers, among: Integers) -> Floats:
    with np.errstate(invalid="ignore"):
        share: Floats = count / among
    return share


def _true_positive(counts: GroupCounts, group: int, labels: Integers) -> Rate | None:
    """Mean true positive rate over those of the labels that the group has rows of."""
    chosen = labels[counts.actual[group, labels] > 0]
    if len(chosen) == 0:
        return None
    rows = counts.actual[group, chosen]
    return _mean_rate(counts.hits[group, chosen] / rows, rows, int(rows.sum()))


def _false_positive(counts: GroupCounts, group: int, labels: Integers) -> Rate | None:
    """Mean false positive rate over the labels."""
    others = counts.others[group, labels]
    if len(labels) == 0 or others.min() == 0:
        return None
    at_risk = int(others[0] if len(labels) == 1 else counts.rows[group])
    return _mean_rate(counts.false[group, labels] / others, others, at_risk)


def _mean_rate(shares: Floats, among: Integers, rows: int) -> Rate:
    """The mean of several labels' shares, as sure as a share of so many rows that its variance is no less.

    The mean of C shares p of n rows each has a variance of the sum of p (1 - p) / n, over C², if the labels are
    independent; it is less where a row can be wrongly given one of them only. By Jensen's inequality that is at most
    u (1 - u) times the sum of 1 / n, over C², where u is the mean of p weighted by 1 / n. Unlike the labels' own
    variances this is not 0 where each label has a single row.
    """
    value, weighted = float(shares.mean()), float((shares / among).sum() / (1 / among).sum())
    as_sure = float(len(shares) ** 2 / (1 / among).sum())
    if 0 < value < 1:
        own = value * (1 - value)
        as_sure *= own / max(own, weighted * (1 - weighted))
    return Rate(value=value, rows=rows, as_sure_as=as_sure)
