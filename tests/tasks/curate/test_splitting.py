"""Splits keep the shares of labels, leave no label out, and hardly move when rows are added."""

from __future__ import annotations

import hashlib

import pandas as pd
import pytest

from tasks.curate.config import CurationConfig
from tasks.curate.ledger import Ledger
from tasks.curate.normal_form import text_hash
from tasks.curate.splitting import rows_needed, split_rows
from tasks.errors import UserInputError
from tests.tasks.pii.made_up_rows import Cells, good_rows, rows

LABELS = ("refund", "delivery", "invoice", "gift")


def split(cells: list[Cells], config: CurationConfig | None = None, holdout: bool = False) -> dict[str, dict[str, str]]:
    """For each text the split that it comes to, and its label."""
    splits = {"train": rows(cells)} | ({"holdout": rows([("held out", "refund")], "holdout")} if holdout else {})
    ledger = Ledger.of({name: frame.assign(key=frame["text"]) for name, frame in splits.items()})
    split_rows(ledger, config or CurationConfig())
    return {name: dict(zip(frame["text"], frame["label"], strict=True)) for name, frame in ledger.splits.items()}


def places(cells: list[Cells], config: CurationConfig | None = None) -> dict[str, str]:
    return {text: name for name, texts in split(cells, config).items() for text in texts}


def test_each_label_has_its_share_in_each_split() -> None:
    found = split(good_rows(400, LABELS))
    for label in LABELS:
        count = {name: sum(value == label for value in texts.values()) for name, texts in found.items()}
        assert count == {"train": 72, "validation": 8, "holdout": 20}


def test_a_holdout_of_the_data_is_left_alone() -> None:
    found = split(good_rows(100), holdout=True)
    assert list(found["holdout"]) == ["held out"]
    assert {name: len(texts) for name, texts in found.items()} == {"train": 90, "validation": 10, "holdout": 1}


@pytest.mark.parametrize("holdout", [True, False])
def test_the_smallest_label_has_a_row_in_every_split(holdout: bool) -> None:
    cells = [*good_rows(40), ("one", "rare"), ("two", "rare"), ("three", "rare")]
    found = split(cells if not holdout else cells[:-1], holdout=holdout)
    made = ["train", "validation"] + ([] if holdout else ["holdout"])
    assert [sum(label == "rare" for label in found[name].values()) for name in made] == [1] * len(made)
    assert rows_needed(Ledger.of({"train": rows([])} | ({"holdout": rows([])} if holdout else {}))) == len(made)


def test_adding_a_tenth_moves_under_a_twentieth_of_the_rows() -> None:
    old = good_rows(1000, LABELS)
    before, after = places(old), places([*good_rows(100, LABELS, start=5000), *old])
    moved = [text for text, name in before.items() if after[text] != name]
    assert len(moved) < 0.05 * len(before)
    assert moved, "a test in which nothing can move proves nothing"


def test_no_row_that_a_champion_was_trained_on_moves_to_the_holdout() -> None:
    old = good_rows(1000, LABELS)
    before = places(old)
    for start in range(3000, 8000, 1000):
        after = places([*old, *good_rows(100, LABELS, start=start)])
        assert {before[text] for text in before if after[text] == "holdout"} <= {"holdout", "validation"}


def test_the_order_of_the_rows_does_not_matter_and_the_seed_does() -> None:
    cells = good_rows(200)
    assert places(cells) == places(cells[::-1])
    assert places(cells) != places(cells, CurationConfig(seed=1))


def test_the_place_of_a_text_is_the_start_of_its_sha256() -> None:
    whole = int(hashlib.sha256(b"7\0a text").hexdigest(), 16)
    assert text_hash(7, "a text") == pytest.approx(whole / 2**256)


def dated(count: int, without: int = 0) -> Ledger:
    """Rows of all LABELS, each a day newer than the one before; the last have no date."""
    frame = rows(good_rows(count, LABELS))
    days = [f"2026-01-01T{number // 60:02}:{number % 60:02}:00Z" for number in range(count)]
    dates = [*days[: count - without], *[None] * without]
    return Ledger.of({"train": frame.assign(key=frame["text"], date=pd.Series(dates, dtype="str"))})


def test_the_newest_of_each_label_are_held_out_and_the_next_steer() -> None:
    ledger = dated(400)
    split_rows(ledger, CurationConfig(held_out="newest"))
    for label in LABELS:
        ends = {name: frame.loc[frame["label"] == label, "date"] for name, frame in ledger.splits.items()}
        assert [len(ends[name]) for name in ("train", "validation", "holdout")] == [72, 8, 20]
        assert ends["train"].max() < ends["validation"].min() <= ends["validation"].max() < ends["holdout"].min()


def test_newer_rows_push_the_border_on_and_no_learned_row_is_held_out_later() -> None:
    before, after = dated(400), dated(480)
    for ledger in (before, after):
        split_rows(ledger, CurationConfig(held_out="newest"))
    assert not set(before.splits["train"]["text"]) & set(after.splits["holdout"]["text"])
    assert set(after.splits["holdout"]["text"]) - set(before.splits["holdout"]["text"])


def test_a_row_without_a_date_is_learned_from() -> None:
    ledger = dated(400, without=40)
    split_rows(ledger, CurationConfig(held_out="newest"))
    assert ledger.splits["train"]["date"].isna().sum() == 40


def test_the_newest_cannot_be_held_out_where_no_row_has_a_date() -> None:
    with pytest.raises(UserInputError, match="no training row has a date: name the column that holds it in data.date"):
        split_rows(dated(40, without=40), CurationConfig(held_out="newest"))
