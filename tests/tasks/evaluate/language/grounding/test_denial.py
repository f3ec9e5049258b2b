"""A denial is seen in the clause where it stands, and held against the clause of the source that is most like it."""

from __future__ import annotations

import pytest

from tasks.evaluate.language.grounding.denial import clauses_of, contradicts, denies

SOURCE = (
    "You can return unopened shoes within 30 days, but you cannot return opened software.",
    "Refunds are not paid in cash unless the card has expired.",
    "Parcels arrive on Saturdays.",
)
CLAUSES = tuple(clause for sentence in SOURCE for clause in clauses_of(sentence))


@pytest.mark.parametrize(
    ("clause", "said"),
    [
        ("It has not arrived", True),
        ("It hasn\u2019t arrived", True),
        ("It arrives without a receipt", True),
        ("It has arrived", False),
        ("It is not without risk", False),
        ("It is not only late", False),
        ("Order no. 12 has arrived", False),
        ("Another notice knows nobody's north", True),
    ],
)
def test_an_odd_number_of_negative_words_denies(clause: str, said: bool) -> None:
    assert denies(clause) is said


@pytest.mark.parametrize(
    ("sentence", "opposed"),
    [
        ("You can return unopened shoes within 30 days.", False),
        ("You cannot return unopened shoes within 30 days.", True),
        ("You can return opened software.", True),
        ("Opened software cannot be returned.", False),
        ("Refunds are paid in cash.", True),
        ("Sadly, parcels never arrive on Saturdays.", True),
        ("Parcels do not arrive on Mondays by train.", False),
        ("No.", False),
    ],
)
def test_a_clause_is_held_to_the_one_that_is_most_like_it(sentence: str, opposed: bool) -> None:
    assert contradicts(sentence, CLAUSES) is opposed


def test_a_source_that_says_both_is_contradicted_by_neither() -> None:
    both = tuple(
        clause for text in ("Shops open on Sunday.", "Shops never open on Sunday.") for clause in clauses_of(text)
    )
    assert not contradicts("Shops open on Sunday.", both)
    assert not contradicts("Shops do not open on Sunday.", both)
