"""Templates found in the data: what changes between rows of a label is a slot, and only its own values fill it."""

from __future__ import annotations

import numpy as np

from tasks.synthesize.slots import Slots, find_slots

RETURNS = [
    "I want to return the wool sweater because it is too small",
    "I want to return the desk lamp because it is broken",
    "I want to return the kettle because it leaks",
]
TRACKING = ["where is order #48213 please", "where is order #99120 please", "where is order #70001 please"]


def fillings(slots: Slots, text: str, label: str) -> set[str | None]:
    return {slots.filled(text, label, 1, np.random.default_rng(seed)) for seed in range(40)}


def test_a_product_is_replaced_by_one_that_stood_in_the_same_place() -> None:
    slots = find_slots(RETURNS, ["return"] * 3, seed=1)
    made = fillings(slots, RETURNS[2], "return")
    assert "I want to return the wool sweater because it leaks" in made
    assert "I want to return the desk lamp because it leaks" in made


def test_a_number_is_replaced_by_one_of_the_same_shape() -> None:
    slots = find_slots([*TRACKING, "I ordered 2 lamps"], ["track"] * 4, seed=1)
    assert fillings(slots, TRACKING[0], "track") == {TRACKING[1], TRACKING[2]}


def test_values_of_another_label_are_not_used() -> None:
    slots = find_slots([*RETURNS, *TRACKING], ["return"] * 3 + ["track"] * 3, seed=1)
    assert fillings(slots, "where is order #11111 please", "return") == {None}


def test_a_word_that_turns_the_meaning_is_no_slot() -> None:
    texts = [
        "my new card is not working today",
        "my new card is still working today",
        "my new card is again working today",
    ]
    assert find_slots(texts, ["card"] * 3, seed=1).values == {}


def test_a_text_without_a_slot_is_passed_over() -> None:
    assert fillings(find_slots(RETURNS, ["return"] * 3, seed=1), "hello there", "return") == {None}
