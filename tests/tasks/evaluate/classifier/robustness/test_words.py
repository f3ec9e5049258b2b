"""Candidates are inflections and near synonyms by the bundled encoder."""

from __future__ import annotations

from tasks.evaluate.classifier.robustness.words import in_the_case_of, substitutes


def test_candidates_are_near_and_never_the_word_itself_or_a_function_word() -> None:
    found = substitutes(["payment", "the", "telephone", "x7"], [])
    assert set(found) == {"payment", "telephone"}
    assert found["payment"][0] == "payments"
    assert "phone" in found["telephone"]
    assert all(word not in candidates for word, candidates in found.items())


def test_a_word_that_the_encoder_has_in_pieces_finds_those_of_the_texts_but_not_its_denial() -> None:
    found = substitutes(["deactivating"], ["activating", "deactivated", "cheese"])
    assert found == {"deactivating": ["deactivated"]}


def test_a_candidate_is_written_as_the_word_was() -> None:
    cases = [in_the_case_of("cards", model) for model in ("card", "Card", "CARD", "I")]
    assert cases == ["cards", "Cards", "CARDS", "Cards"]
