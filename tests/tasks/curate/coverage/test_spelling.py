"""Slips of the keyboard are told from the rest of the set, and forms of a word are no slips."""

from __future__ import annotations

import pandas as pd

from tasks.curate.coverage.spelling import misspelt

COMMON = ["the transfer of my payment was declined"] * 60


def test_a_rare_word_one_slip_from_a_common_one_is_misspelt() -> None:
    texts = pd.Series([*COMMON, "the tranfser", "my paymment", "was decliined", "it was refused", None], dtype="str")
    assert misspelt(texts)[0].tolist() == [False] * 60 + [True, True, True, False, False]


def test_inflections_are_no_slips() -> None:
    texts = pd.Series([*COMMON, "payments and transfers", "it declines"], dtype="str")
    assert not misspelt(texts)[0].any()


def test_words_are_counted_over_all_sets_together() -> None:
    mine, theirs = misspelt(pd.Series(["a tranfser"], dtype="str", index=[7]), pd.Series(COMMON, dtype="str"))
    assert mine.to_dict() == {7: True}
    assert not theirs.any()


def test_a_small_set_has_no_common_word_and_so_no_slip() -> None:
    assert not misspelt(pd.Series(["the transfer", "the tranfser"], dtype="str"))[0].any()
