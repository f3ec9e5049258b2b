"""The user's own expectations: taken by name, refused with a message that helps, and never run as code."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tasks.errors import UserInputError
from tasks.validate.config import ExpectationConfig, ValidationConfig
from tasks.validate.own_expectations import own_checks

LENGTHS = "expect_column_value_lengths_to_be_between"


def checks(**entry: Any) -> Any:
    return own_checks(ValidationConfig.model_validate({"expectations": [entry]}))[0]


def test_an_entry_becomes_a_check_with_a_short_reason() -> None:
    check = checks(type=LENGTHS, column="text", arguments={"min_value": 3}, splits=["train"])
    assert (check.reason, check.name) == ("text_lengths_between", f"{LENGTHS}(text)")
    assert check.arguments == {"column": "text", "min_value": 3}
    assert (check.scope, check.otherwise, check.splits) == ("row", "set_aside", ("train",))
    assert checks(type=LENGTHS, column="text", arguments={"min_value": 3}, reason="curt").reason == "curt"
    pair = {"column_A": "text", "column_B": "answer"}
    assert checks(type="expect_column_pair_values_to_be_equal", arguments=pair).reason == "pair_equal"


def test_an_expectation_that_compares_rows_sees_all_of_them() -> None:
    assert checks(type="expect_column_values_to_be_unique", column="text").scope == "rows_together"
    pair = {"column_list": ["text", "answer"]}
    assert checks(type="expect_compound_columns_to_be_unique", arguments=pair).scope == "rows_together"
    several = checks(type="expect_select_column_values_to_be_unique_within_record", arguments=pair)
    assert (several.scope, several.columns) == ("row", ["text", "answer"])


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"type": "expect_column_value_length_to_be_between", "column": "text"}, rf"the nearest are {LENGTHS}, "),
        (
            {"type": LENGTHS, "column": "text", "arguments": {"min": 3}},
            r"no argument 'min'; it takes column, max_value",
        ),
        ({"type": LENGTHS, "column": "text", "arguments": {"min_value": "x"}}, r"min_value: .*It takes column"),
        ({"type": LENGTHS, "column": "text"}, r"min_value and max_value cannot both be None"),
        ({"type": LENGTHS, "arguments": {"min_value": 3}}, r"column: field required"),
        (
            {"type": LENGTHS, "column": "text", "arguments": {"min_value": 3, "severity": "x"}},
            r"no argument 'severity'",
        ),
        ({"type": "expect_query_results_to_match_comparison"}, "there is no expectation about rows"),
        (
            {"type": "expect_column_values_to_match_like_pattern", "column": "text"},
            "there is no expectation about rows",
        ),
        ({"type": "expect_column_values_to_not_be_null", "column": "text", "reason": "missing_text"}, "a built-in"),
        (
            {"type": "expect_column_max_to_be_between", "column": "row", "arguments": {"max_value": 9}},
            "otherwise: stop",
        ),
        (
            {"type": "expect_column_values_to_be_of_type", "column": "row", "arguments": {"type_": "int"}},
            "no expectation",
        ),
    ],
)
def test_a_wrong_entry_is_refused_by_name_when_the_stage_starts(entry: dict[str, Any], words: str) -> None:
    with pytest.raises(UserInputError, match=words) as caught:
        checks(**entry)
    assert str(caught.value).startswith("validation.expectations[0]: ")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"arguments": {"regex": "a", "row_condition": "__import__('os')"}}, "row_condition is refused"),
        ({"arguments": {"regex": "a", "condition_parser": "pandas"}}, "condition_parser is refused"),
        ({"arguments": {"regex": {"$PARAMETER": "now()"}}}, "write the value itself"),
        ({"arguments": {"regex": "a", "mostly": 0.9}}, "otherwise: stop"),
        ({"arguments": {"regex": "a", "column": "text"}}, "beside `type`"),
        ({"arguments": {"column_list": ["text", "question"]}}, "column_list names 'question', but the columns are id"),
        ({"type": "unexpected_rows_expectation"}, "should match pattern"),
        ({"column": "question"}, "Input should be 'id', 'text'"),
        ({"reason": "Too short!"}, "should match pattern"),
    ],
)
def test_what_can_be_seen_without_the_library_is_refused_when_the_config_is_loaded(
    entry: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        ExpectationConfig.model_validate({"type": "expect_column_values_to_match_regex", "column": "text", **entry})


def test_two_entries_with_one_reason_are_refused() -> None:
    entry = {"type": LENGTHS, "column": "text", "arguments": {"min_value": 3}}
    with pytest.raises(ValidationError, match=r"expectations\[0\] and expectations\[1\] have the same reason"):
        ValidationConfig.model_validate({"expectations": [entry, entry]})
