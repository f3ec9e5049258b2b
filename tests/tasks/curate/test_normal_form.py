"""Texts that a person would call the same have one normal form."""

from __future__ import annotations

import pytest

from tasks.curate.normal_form import normal_form


@pytest.mark.parametrize(
    "text",
    [
        "Where is my order?",
        "  where is\tmy  ORDER",
        "Where is my order?!…",
        "\uff37here is my order",
        "Where is my\norder . ",
    ],
)
def test_case_white_space_width_and_final_punctuation_do_not_matter(text: str) -> None:
    assert normal_form(text) == "where is my order"


def test_words_and_inner_punctuation_matter() -> None:
    assert normal_form("a.b") != normal_form("a b")
    assert normal_form("my order") != normal_form("my orders")


def test_mere_punctuation_stays_what_it_is() -> None:
    assert normal_form("???") == "???"
    assert normal_form("...") != normal_form("!!!")


def test_a_normal_form_is_its_own_normal_form() -> None:
    for text in ("ﬁne İstanbul?", "Straße ...", "a b ?"):
        assert normal_form(normal_form(text)) == normal_form(text)
