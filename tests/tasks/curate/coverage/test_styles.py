"""Each text falls into one cell of each dimension of style, and the cells are what a person would say."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from tasks.curate.coverage.styles import as_arrow, asked, style_cells, word_counts

LONG = "I ordered it some weeks ago and nobody has told me anything since " * 4
STYLES = {
    "where parcel": "terse",
    "Where is my parcel now, please?": "plain",
    "My paymnet has not arrived yet today": "with slips",
    LONG: "long",
    "See https://example.com/a for what I mean": "with references",
    "It prints `None` and nothing else at all": "with references",
    "My questions:\n1. Where is it?\n2. When does it come?": "with references",
    'It says "your parcel could not be delivered" here': "with references",
    f"{LONG}\n> we are sorry to say": "long with references",
    "I paid 1. for the card and 2. for the fee": "plain",
}


@pytest.mark.parametrize(("text", "style"), STYLES.items())
def test_style_is_the_first_that_fits(text: str, style: str) -> None:
    cells = style_cells(pd.Series([text]), pd.Series(["paymnet" in text]))
    assert cells["style"].item() == style


def test_questions_are_told_by_their_mark_or_by_how_english_opens_them() -> None:
    texts = pd.Series(
        ["Karte?", "where is it", "カードはどこ\uff1f", "I ask where it is", "Whereas I paid"], dtype="str"
    )
    forms = style_cells(texts, pd.Series(False, index=texts.index))["form"]
    assert forms.tolist() == ["question", "question", "question", "statement", "statement"]


def test_letters_are_told_in_any_script_that_has_capitals() -> None:
    texts = pd.Series(["HELP ME", "help me", "Help", "ПОМОГИТЕ", "помогите", "手伝って", "I", "123"], dtype="str")
    letters = style_cells(texts, pd.Series(False, index=texts.index))["letters"]
    assert letters.tolist() == [
        "all capitals", "no capitals", "mixed case", "all capitals", "no capitals", "no case", "no case", "no case",
    ]  # fmt: skip


def test_words_are_counted_where_blanks_set_them_apart_and_where_none_do() -> None:
    texts = pd.Series(["it's 3 o'clock, isn't it", "私のカードはどこですか", "", None], dtype="str")
    assert word_counts(as_arrow(texts)).tolist() == [5, 6, 0, 0]


def test_of_a_chat_the_last_user_turn_counts() -> None:
    turns = [
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", "Where is it?"),
        ("assistant", "I look"),
        ("tool", "lost"),
    ]
    text = json.dumps([{"role": role, "content": said} for role, said in turns])
    assert asked(pd.Series([text, "no chat"]), "chat").tolist() == ["Where is it?", ""]
    assert asked(pd.Series([text]), "instruction").tolist() == [text]
