"""Train against validation and holdout: what stops a run, and what chance or one odd row may do."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.validate.agreement import Difference, differences
from tests.tasks.pii.made_up_rows import rows

LIMIT = 0.005


def split(count: int, split: str, odd: int, cell: str | None = None) -> pd.DataFrame:
    """Rows with the label `a`, but for the last ones."""
    labels = ["a"] * (count - odd) + [cell] * odd
    return rows(((f"text {number}", label) for number, label in enumerate(labels)), split)


def stopping(train: pd.DataFrame, **others: pd.DataFrame) -> list[Difference]:
    return [one for one in differences({"train": train, **others}) if one.stops(LIMIT)]


def test_half_a_percent_of_a_holdout_may_lack_a_label_and_more_may_not() -> None:
    train = split(1_644, "train", 0)
    assert stopping(train, holdout=split(600, "holdout", 3)) == []
    [found] = stopping(train, holdout=split(600, "holdout", 4))
    assert (found.column, found.kind, found.split, found.more_in) == ("label", "missing", "holdout", "holdout")
    assert (found.counts, found.totals, found.first) == ((0, 4), (1_644, 600), 596)
    assert found.shares == (0.0, 4 / 600)


def test_the_shares_of_the_demo_pass() -> None:
    assert stopping(split(1_644, "train", 8), holdout=split(600, "holdout", 0)) == []


def test_in_large_splits_the_limit_is_all_there_is_to_it() -> None:
    train = split(20_000, "train", 0)
    assert stopping(train, validation=split(20_000, "validation", 100)) == []
    [found] = stopping(train, validation=split(20_000, "validation", 101))
    assert found.split == "validation"


def test_the_split_with_more_missing_cells_may_be_train() -> None:
    [found] = stopping(split(400, "train", 40), validation=split(400, "validation", 0))
    assert (found.more_in, found.first) == ("train", 360)


def test_one_odd_row_in_a_small_split_is_reported_and_does_not_stop_the_run() -> None:
    splits = {"train": split(1_000, "train", 0), "holdout": split(20, "holdout", 1)}
    [found] = differences(splits)
    assert (found.size, found.rows) == (0.05, 1.0)
    assert not found.stops(LIMIT)


def test_what_chance_gives_does_not_stop_the_run() -> None:
    dice, stopped, above = np.random.default_rng(3), 0, 0
    for _ in range(40):
        train, holdout = (
            rows((str(draw) if draw < 5 else "words", "a") for draw in dice.integers(0, 20, size=size))
            for size in (300, 100)
        )
        found = differences({"train": train, "holdout": holdout})
        above += any(one.size > LIMIT for one in found)
        stopped += any(one.stops(LIMIT) for one in found)
    assert above > 30
    assert stopped <= 4


def test_another_type_of_value_is_named_with_its_first_row() -> None:
    found = stopping(split(200, "train", 0), validation=split(200, "validation", 10, "7"))
    assert [(one.column, one.kind) for one in found] == [("label", "integer"), ("label", "text")]
    assert (found[0].shares, found[0].first) == ((0.0, 0.05), 190)


def test_types_are_shares_of_the_cells_that_are_there() -> None:
    found = differences({"train": split(200, "train", 100), "holdout": split(200, "holdout", 20)})
    assert [(one.kind, one.shares) for one in found] == [("missing", (0.5, 0.1))]


def test_a_column_that_one_split_lacks_has_no_types_to_compare() -> None:
    train, holdout = split(100, "train", 0), split(100, "holdout", 100)
    assert [one.kind for one in stopping(train, holdout=holdout)] == ["missing"]


def test_unlabelled_rows_are_not_compared() -> None:
    assert differences({"train": split(100, "train", 0), "unlabelled": split(100, "unlabelled", 100)}) == []
