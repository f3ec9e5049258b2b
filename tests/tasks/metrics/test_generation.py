"""Scores of generated answers, on answers whose score can be counted by hand."""

from __future__ import annotations

import pytest

from tasks.metrics.generation import exact_match, json_valid, rouge_l, token_f1, words_of


def test_words_are_compared_without_case_punctuation_and_kind_of_letter() -> None:
    assert words_of("  \uff28ello, WORLD!\n¿Qué? 「退款」") == ["hello", "world", "qué", "退款"]


@pytest.mark.parametrize(
    ("generated", "reference", "f1", "rouge"),
    [
        ("the parcel is here", "The parcel is here.", 1, 1),
        ("here is the parcel", "the parcel is here", 1, 0.5),
        ("the parcel", "the parcel is here", 2 / 3, 2 / 3),
        ("no", "the parcel is here", 0, 0),
        ("", "the parcel is here", 0, 0),
        ("yes yes yes", "yes", 0.5, 0.5),
        ("!", "?", 0, 0),
        ("...", "...", 1, 1),
    ],
)
def test_token_f1_ignores_the_order_and_rouge_l_does_not(
    generated: str, reference: str, f1: float, rouge: float
) -> None:
    assert token_f1(generated, reference) == pytest.approx(f1)
    assert rouge_l(generated, reference) == pytest.approx(rouge)


def test_exact_match_is_of_words_and_of_the_values_of_json() -> None:
    assert exact_match("The parcel is HERE", "the parcel is here.") == 1
    assert exact_match("here is the parcel", "the parcel is here") == 0
    assert exact_match('{"b": 2, "a": [1]}', '{"a":[1],"b":2}') == 1
    assert exact_match('{"a": [1], "b": 3}', '{"a":[1],"b":2}') == 0
    assert exact_match("a 1 b 2", '{"a":1,"b":2}') == 0
    assert exact_match("-", "+") == 0


def test_json_is_asked_for_only_where_the_reference_is_json() -> None:
    assert json_valid('{"a": 1}', '{"a": 2}') == 1
    assert json_valid('Sure: {"a": 1}', '{"a": 2}') == 0
    assert json_valid('{"a": 1', "[1]") == 0
    assert json_valid('{"a": 1}', "plain words") is None
