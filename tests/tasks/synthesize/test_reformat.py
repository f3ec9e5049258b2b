"""The same words in another form."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.synthesize.reformat import reformatted


@pytest.mark.parametrize(
    ("form", "text", "words"),
    [
        ("lower", "Where is my <EMAIL> Order?", "where is my <EMAIL> order?"),
        ("upper", "Where is my order A1b?", "WHERE IS MY ORDER A1b?"),
        ("no_punctuation", "Hi, it costs 3.50! Why?", "Hi it costs 3.50 Why"),
        ("terse", "Hello, could you tell me how do I cancel my order please?", "how cancel order"),
        ("terse", "I do not want the lamp", "not want lamp"),
        ("list", "It broke. I want money.", "- It broke.\n- I want money."),
    ],
)
def test_a_form_keeps_the_words(form: str, text: str, words: str) -> None:
    assert reformatted(text, form, np.random.default_rng(0)) == words


def test_a_mail_is_quoted_and_a_letter_has_an_opening_and_no_contraction() -> None:
    quoted = reformatted("It broke.\nI want money.", "quoted_email", np.random.default_rng(0))
    assert quoted is not None
    assert quoted.endswith("> It broke.\n> I want money.")
    letter = reformatted("hi, I don't get it", "formal", np.random.default_rng(0))
    assert letter is not None
    assert letter.split("\n\n")[1] == "I do not get it."


@pytest.mark.parametrize(
    ("form", "text"), [("lower", "no capitals"), ("list", "One sentence."), ("terse", "refund"), ("terse", "it is")]
)
def test_a_form_that_changes_nothing_or_leaves_nothing_is_passed_over(form: str, text: str) -> None:
    assert reformatted(text, form, np.random.default_rng(0)) is None
