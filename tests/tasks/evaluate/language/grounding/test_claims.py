"""What a text claims: its sentences, and in them numbers by value, names and content words."""

from __future__ import annotations

import pytest

from tasks.evaluate.language.grounding.claims import (
    claims_of,
    known_numbers,
    names_of,
    readings_of,
    sentences_of,
    stems_of,
)


def test_sentences_end_with_their_mark_or_with_the_line_and_not_with_an_abbreviation() -> None:
    text = "Dear Dr. Lee,\nit is 3.5 kg. Is it late? “No.” Thanks!\n--\n"
    assert sentences_of(text) == ["Dear Dr. Lee,", "it is 3.5 kg.", "Is it late?", "“No.", "Thanks!"]


@pytest.mark.parametrize(
    ("number", "readings"),
    [
        ("12", {"12"}),
        ("007", {"7"}),
        ("3.50", {"3.5"}),
        ("1,250.00", {"1250"}),
        ("1.250,00", {"1250"}),
        ("1.250", {"1250", "1.25"}),
        ("1'250'000", {"1250000"}),
        ("0.10", {"0.1"}),
    ],
)
def test_a_number_is_known_by_its_value_in_either_way_of_writing(number: str, readings: set[str]) -> None:
    assert readings_of(number) == readings


def test_a_source_may_spell_a_number() -> None:
    assert {"2", "14"} <= known_numbers("Two parcels within 14 days")


def test_names_have_a_capital_inside_the_sentence_or_a_figure() -> None:
    assert names_of("Yesterday Ann's parcel left Berlin with DHL-Express, says I.") == {"ann", "berlin", "dhl-express"}
    assert names_of("Order AB-123 waits") == {"ab-123"}
    assert names_of("The parcel waits") == set()


def test_content_words_are_known_by_their_stem() -> None:
    assert stems_of("The orders were shipped") == stems_of("Ship an order, shipping it as ordered") == {"order", "ship"}
    assert stems_of("it is what it is") == set()


def test_without_names_a_capital_says_nothing() -> None:
    assert claims_of("wir haben das Paket", names=False).names == frozenset()
