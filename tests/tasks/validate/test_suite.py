"""Each expectation sets the right rows aside, under its own name."""

from __future__ import annotations

import pandas as pd
import pytest

from tasks.validate.config import ValidationConfig
from tasks.validate.suite import IN_WORDS, build_suite, reasons, run_suite
from tests.tasks.pii.made_up_rows import rows

CONFIG = ValidationConfig(min_text_characters=3, max_text_characters=20)
CASES = {
    "fine words": None,
    "  padded to be long      ": None,
    "": "expect_column_values_to_match_regex(text)",
    " \t\n\u00a0": "expect_column_values_to_match_regex(text)",
    "  ab  ": "expect_column_value_lengths_to_be_between(text)",
    "x" * 21: "expect_column_value_lengths_to_be_between(text)",
}


def why(frame: pd.DataFrame, split: str = "train", allowed: tuple[str, ...] = ("a", "b")) -> list[str | None]:
    suite = build_suite(split, allowed, CONFIG)
    found = reasons(suite, run_suite(suite, frame), frame)
    return [None if pd.isna(name) else str(name) for name in found]


def test_texts_are_judged_after_trimming() -> None:
    assert why(rows((text, "a") for text in CASES)) == list(CASES.values())


def test_a_missing_text_or_label_and_a_label_not_allowed_are_told_apart() -> None:
    found = why(rows([(None, "a"), ("a text", None), ("a text", "c"), ("a text", "b")]))
    assert found == [
        "expect_column_values_to_not_be_null(text)",
        "expect_column_values_to_not_be_null(label)",
        "expect_column_values_to_be_in_set(label)",
        None,
    ]


def test_a_row_that_fails_twice_is_named_for_the_first_expectation() -> None:
    assert why(rows([("", None)])) == ["expect_column_values_to_match_regex(text)"]


def test_unlabelled_rows_are_not_asked_for_labels() -> None:
    assert why(rows([("a text", None), ("other", "z")]), split="unlabelled") == [None, None]


def test_rows_without_an_id_or_with_the_same_one_are_set_aside_and_no_others() -> None:
    frame = rows([("one", "a"), ("two", "a"), ("three", "a"), ("four", "a")])
    frame["id"] = pd.Series(["1", "1", None, "4"], dtype="str")
    twice, missing = "expect_column_values_to_be_unique(id)", "expect_column_values_to_not_be_null(id)"
    assert why(frame) == [twice, twice, missing, None]


def test_an_index_that_does_not_begin_at_zero_does_no_harm() -> None:
    frame = rows([("", "a"), ("fine", "a"), ("", "b")])[1:]
    assert why(frame) == [None, "expect_column_values_to_match_regex(text)"]


def test_every_expectation_has_words() -> None:
    for split in ("train", "unlabelled"):
        for one in build_suite(split, ("a",), CONFIG).expectations:
            assert f"{one.expectation_type}({one.column})" in IN_WORDS


def test_great_expectations_says_nothing_on_the_console(capfd: pytest.CaptureFixture[str]) -> None:
    why(rows([("one", "a")]))
    assert capfd.readouterr() == ("", "")
