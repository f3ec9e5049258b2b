"""Shifted texts: what changes, what stays, that a stronger shift holds the weaker one, and that all is repeatable."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.evaluate.classifier.drift.answered import TextShift, shifted
from tasks.evaluate.classifier.drift.kept import WORD
from tasks.evaluate.classifier.drift.new_words import NewWords, in_new_words
from tasks.evaluate.classifier.drift.style import (
    CHANGES,
    abbreviated,
    contracted,
    framed,
    in_another_case,
    in_another_style,
    in_chat_spelling,
    without_punctuation,
)

TEXT = "Why is the money for order A-4711 not on my card? Ask <EMAIL> or see https://bank.example/Help."
LONG = " ".join(f"{word} waits quietly" for word in ("parcel", "refund", "window", "printer", "garden", "letter"))


def words(texts: list[str] | None = None) -> NewWords:
    return NewWords(texts or [TEXT])


def test_new_words_are_in_no_training_row_and_always_stand_for_the_same_word() -> None:
    known = words([TEXT, "dosh and plastic"])
    new = in_new_words(TEXT, 1.0, known, np.random.default_rng(0))
    replaced = set(WORD.findall(new.casefold())) - set(WORD.findall(TEXT.casefold()))
    assert replaced
    assert not replaced & known.known
    assert known.instead_of("money") == words([TEXT, "dosh and plastic"]).instead_of("money") != "dosh"
    assert words().instead_of("Money") == "Dosh", "a rarer name comes before an invented one, with the same capital"


def test_masks_addresses_numbers_and_function_words_stay() -> None:
    new = in_new_words(TEXT, 1.0, words(), np.random.default_rng(0))
    for part in ("<EMAIL>", "https://bank.example/Help.", "A-4711", "Why is the ", " not on my "):
        assert part in new, part
    assert "money" not in new


def test_the_share_of_replaced_words_is_what_was_asked_also_of_short_texts() -> None:
    short = ["printer broken"] * 400
    new = shifted(short, lambda text, strength, draw: in_new_words(text, strength, words(), draw), 0.1, seed=0)
    replaced = sum(word not in {"printer", "broken"} for text in new for word in text.split())
    assert replaced / 800 == pytest.approx(0.1, abs=0.03)


def test_a_stronger_shift_replaces_the_words_of_a_weaker_one_and_others() -> None:
    known, before = words(), LONG.split()
    changed = [
        {
            place
            for place, word in enumerate(in_new_words(LONG, share, known, np.random.default_rng(3)).split())
            if word != before[place]
        }
        for share in (0.2, 0.5, 1.0)
    ]
    assert changed[0] < changed[1] < changed[2]


def test_each_change_of_style_does_what_it_says() -> None:
    draw = np.random.default_rng(0)
    assert contracted("I do not want to wait.", draw) == "I don't wanna wait."
    assert abbreviated("Please check my account", draw) == "Pls check my acct"
    assert in_chat_spelling("are you sure about that?", draw) == "r u sure abt that?"
    assert without_punctuation("Why, oh why? It's late!", draw) == "Why oh why It s late"
    assert "my card is lost" in framed("my card is lost", draw)
    assert len(framed("my card is lost", draw)) > 20
    assert in_another_case("My Card", draw) in {"my card", "MY CARD", "My Card"}


def test_style_changes_leave_masks_addresses_and_numbers_alone() -> None:
    for seed in range(10):
        new = in_another_style(TEXT, 1.0, np.random.default_rng(seed))
        for part in ("<EMAIL>", "https://bank.example/Help.", "4711"):
            assert part in new, part


def test_strength_says_how_many_changes_are_made_and_none_at_nought() -> None:
    assert in_another_style(TEXT, 0.0, np.random.default_rng(0)) == TEXT
    assert in_another_style(TEXT, 1.0, np.random.default_rng(0)) != TEXT
    assert len(CHANGES) == 6


@pytest.mark.parametrize("shift", [in_another_style, lambda text, s, draw: in_new_words(text, s, words(), draw)])
def test_the_same_seed_gives_the_same_texts_and_another_seed_others(shift: TextShift) -> None:
    texts = [TEXT, LONG, "ok", ""] * 5
    first = shifted(texts, shift, 0.5, seed=1)
    assert first == shifted(texts, shift, 0.5, seed=1)
    assert first != shifted(texts, shift, 0.5, seed=2)


def test_texts_of_other_scripts_and_empty_ones_are_survived() -> None:
    for text in ("", "...", "退款在哪里。", "где мой возврат", "\U0001f642"):
        assert isinstance(in_another_style(text, 1.0, np.random.default_rng(0)), str)
        assert isinstance(in_new_words(text, 1.0, words(), np.random.default_rng(0)), str)
