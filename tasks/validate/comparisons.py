"""Rules for comparisons: what is said where train and another split differ, or where rows have moved since."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tasks.pii.shown_rows import shown_text
from tasks.validate.checked_set import CheckedSet, called
from tasks.validate.config import ValidationConfig
from tasks.validate.shift import LabelShift, LengthShift, Shift
from tasks.validate.value_types import MISSING

WHAT_TO_DO = (
    "report/shift.md shows what moved. Look whether the sources are the right ones; raise the limit if the world has "
    "changed so much"
)


def split_differs(checked: CheckedSet, limit: float | None) -> Iterator[str]:
    """A sentence for each figure in which train and another split differ by more than the limit; null allows all."""
    for one in checked.differences:
        if limit is None or not one.stops(limit):
            continue
        first = checked.by_name[one.more_in].rows.iloc[one.first]
        what = "are missing" if one.kind == MISSING else f"are of the type {one.kind}"
        train, other = (
            f"{share:.2%} ({count:,} of {total:,})"
            for share, count, total in zip(one.shares, one.counts, one.totals, strict=True)
        )
        yield (
            f"train and the {called(one.split)} differ in the column {one.column}: {train} of its values {what} in "
            f"train, and {other} in the {called(one.split)}. That is {100 * one.size:.2f} percentage points, more than "
            f"chance, and validation.max_difference allows {100 * limit:g}. The first of them in {one.more_in} is row "
            f"{first['row']:,} of {first['source']}. Look whether both were exported in the same way; mend the one "
            "that is wrong, or raise the limit (null only reports) if they are meant to differ"
        )


def rows_have_moved(shift: Shift, config: ValidationConfig) -> Iterator[str]:
    """A sentence for each distance from the champion's training rows above its limit."""
    if shift.labels is not None:
        yield from _labels_have_moved(shift.labels, config.max_label_shift)
    for lengths in shift.lengths:
        yield from _lengths_have_moved(lengths, config.max_length_shift)


def _labels_have_moved(labels: LabelShift, limit: float | None) -> Iterator[str]:
    if limit is None or labels.distance <= limit:
        return
    most = ", ".join(
        f"{shown_text(label)!r} ({before:.1%} before, {now:.1%} now)"
        for label, before, now in labels.moved.head(3).itertuples()
    )
    yield (
        f"the labels have moved by {labels.distance:.3f} (Jensen-Shannon distance) since the champion's training, and "
        f"validation.max_label_shift allows {limit:g}; most: {most}. {WHAT_TO_DO}"
    )


def _lengths_have_moved(lengths: LengthShift, limit: float | None) -> Iterator[str]:
    if limit is None or lengths.statistic <= limit:
        return
    yield (
        f"the lengths of the column {lengths.column} have moved by {lengths.statistic:.3f} (Kolmogorov-Smirnov "
        f"statistic) since the champion's training, and validation.max_length_shift allows {limit:g}; the median was "
        f"{_median(lengths.before):,} characters and is {_median(lengths.now):,}. {WHAT_TO_DO}"
    )


def _median(lengths: NDArray[np.int64]) -> int:
    return int(np.median(lengths))
