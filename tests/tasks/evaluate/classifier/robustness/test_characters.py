"""A slip is one edit inside a word: it keeps the ends, changes the word, and is the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.datasets.keyboard import NEIGHBOURS
from tasks.evaluate.classifier.robustness.characters import (
    EDITS_OF_A_WORD,
    can_slip,
    double,
    leave_out,
    look_alike,
    neighbour,
    slips,
    swap,
)

DRAW = np.random.default_rng(0)


def test_each_kind_of_slip_is_what_it_says() -> None:
    assert swap("card", 1, DRAW) == "crad"
    assert swap("card", 2, DRAW) == "crad", "the last letter stays"
    assert leave_out("card", 1, DRAW) == "crd"
    assert double("card", 2, DRAW) == "carrd"
    assert look_alike("Total", 1, DRAW) == "T0tal"
    assert neighbour("CARD", 1, DRAW)[1] in NEIGHBOURS["a"].upper()
    assert set("qwsz") <= set(NEIGHBOURS["a"])


@pytest.mark.parametrize("word", ["card", "payment", "Rückerstattung", "перевод"])
def test_every_slip_keeps_the_ends_and_differs(word: str) -> None:
    found = slips(word, 0, 1)
    assert 2 <= len(found) <= EDITS_OF_A_WORD
    assert len(set(found)) == len(found)
    for changed in found:
        assert changed != word
        assert (changed[0], changed[-1]) == (word[0], word[-1])
        assert abs(len(changed) - len(word)) <= 1


def test_short_words_and_numbers_have_none() -> None:
    assert [slips(word, 0, 0) for word in ("the", "2024", "a1b2c3", "")] == [[], [], [], []]
    assert not can_slip("don't")


def test_slips_follow_from_the_seed_and_the_row() -> None:
    assert slips("transfer", 0, 1) == slips("transfer", 0, 1)
    assert slips("transfer", 0, 1) != slips("transfer", 0, 2)
    assert slips("transfer", 0, 1) != slips("transfer", 1, 1)
