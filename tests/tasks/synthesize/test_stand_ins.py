"""Private stand-ins: the same label and shape, and nothing of the original survives anywhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tasks.datasets.folder import QUARANTINE_COLUMNS
from tasks.synthesize.config import StandInsMaker
from tasks.synthesize.copies import Existing
from tasks.synthesize.stand_ins import holds_personal_data, make_stand_ins, private_rows, stand_in, without_texts
from tests.tasks.pii.made_up_rows import rows

PRIVATE = [
    ("My mail is john.smith@mail.org, write there", "contact"),
    ("call me at +49 30 901820 or jane@doe.example.org", "contact"),
    ("card 4111 1111 1111 1111 was charged twice", "payment"),
    ("DE89 3704 0044 0532 0130 00 is my account", "payment"),
    ("logged in from 84.17.33.209 yesterday", "login"),
    ("Hello, my name is Petra Schmitz and Petra forgot her password. Regards, P. Schmitz", "login"),
]
VALUES = ("john.smith", "mail.org", "901820", "doe.example.org", "4111", "3704", "0532", "84.17", "Petra", "Schmitz")


def test_no_original_value_survives_in_the_stand_ins_or_in_the_quarantine() -> None:
    train = rows([*PRIVATE, ("where is my parcel", "delivery")])
    gone = private_rows(train, StandInsMaker())
    made = make_stand_ins(gone, StandInsMaker(), Existing([], [], []))
    left = without_texts(gone)
    everything = made.rows.to_csv() + left.to_csv()
    assert [value for value in VALUES if value in everything] == []
    assert sorted(made.rows["label"]) == sorted(label for _, label in PRIVATE)
    assert tuple(left.columns) == QUARANTINE_COLUMNS
    assert list(left["reason"]) == ["private_stand_in"] * 6
    assert set(left["source"]) == {"train.csv"}


def test_nothing_leads_from_a_stand_in_to_its_original() -> None:
    gone = private_rows(rows(PRIVATE), StandInsMaker())
    made = make_stand_ins(gone, StandInsMaker(), Existing([], [], []))
    assert made.rows["made_from"].isna().all()
    assert set(made.rows["made_by"]) == {"stand_in"}
    assert not set(made.rows["id"]) & set(gone["id"])
    assert list(made.rows["row"]) == [1, 2, 3, 4, 5, 6]
    assert set(made.rows["source"]) == {"synthesize:stand_in"}
    assert list(made.rows["label"]) != [label for _, label in PRIVATE], "the order of the originals leads back to them"


@pytest.mark.parametrize("text", [text for text, _ in PRIVATE])
def test_a_stand_in_has_the_shape_of_the_original_and_only_nobodys_values(text: str) -> None:
    new = stand_in(text, np.random.default_rng(3))
    assert "<" not in new
    assert len(new.split()) == pytest.approx(len(text.split()), abs=3)
    assert not holds_personal_data(new)


def test_rows_that_curation_has_masked_are_filled_only_where_asked_for() -> None:
    train = rows([("write to <EMAIL>", "contact"), ("nothing private", "contact")])
    assert private_rows(train, StandInsMaker()).empty
    assert list(private_rows(train, StandInsMaker(masked_rows=True))["text"]) == ["write to <EMAIL>"]
    assert stand_in("write to <EMAIL> or <UNHEARD_OF>", np.random.default_rng(0)).endswith(
        "@example.com or <UNHEARD_OF>"
    )


def test_a_made_row_gets_no_stand_in() -> None:
    train = rows(PRIVATE).assign(made_by=pd.Series(["typos"] * len(PRIVATE), dtype="str"))
    assert private_rows(train, StandInsMaker()).empty
