"""Slips of the keyboard: as many as asked for, only where a hand slips, and never in what must stay."""

from __future__ import annotations

import numpy as np

from tasks.synthesize.typos import with_typos

TEXT = "I would like to return the lamp that I ordered last week because it does not work"


def test_a_text_gets_slips_and_stays_readable() -> None:
    for seed in range(50):
        new = with_typos(TEXT, 3.0, np.random.default_rng(seed))
        assert new is not None
        assert new != TEXT
        assert abs(len(new) - len(TEXT)) <= 3
        assert sum(word in new.split() for word in TEXT.split()) >= len(TEXT.split()) - 6


def test_more_slips_change_more() -> None:
    def words_lost(rate: float) -> int:
        new = [with_typos(TEXT, rate, np.random.default_rng(seed)) or "" for seed in range(30)]
        return sum(word not in text.split() for text in new for word in TEXT.split())

    assert words_lost(10) > 1.5 * words_lost(2)


def test_masks_addresses_and_numbers_stay_as_they_are() -> None:
    for seed in range(50):
        new = with_typos("write to <EMAIL> about order4711 at www.example.com/abc or me@example.com", 20, _draw(seed))
        assert new is not None
        assert {"<EMAIL>", "order4711", "me@example.com"} <= set(new.split())


def test_a_text_without_a_word_to_slip_in_is_passed_over() -> None:
    assert with_typos("ok 123", 3, _draw(0)) is None


def _draw(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)
