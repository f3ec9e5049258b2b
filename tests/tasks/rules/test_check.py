"""Rules for answers: what keeps one, which rows ask for it, and that a rule of no use is refused in one message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from tasks.errors import UserInputError
from tasks.rules.check import Check, check_of
from tasks.rules.kinds import ExactAnswer, JsonSchema, Repeats, Rule, Wording


def check(**rule: object) -> Check:
    return check_of(TypeAdapter(Rule).validate_python(rule), "the rule of a test")


@pytest.mark.parametrize(
    ("rule", "prompt", "wanted", "kept", "broken"),
    [
        ({"kind": "exact_answer", "pattern": r"#### (\S+)"}, "", "so #### 42", "hence #### 42", "#### 43"),
        ({"kind": "exact_answer"}, "", "refund", " refund\n", "a refund"),
        ({"kind": "json_schema"}, "", '{"a": 1}', "[]", "{'a': 1}"),
        ({"kind": "wording", "holds": ["kind regards"]}, "", "Kind regards", "… KIND REGARDS", "Bye"),
        ({"kind": "wording", "never_holds": ["voucher"]}, "", "No.", "Yes.", "A Voucher for you"),
        ({"kind": "wording", "most_words": 3}, "", "a b c", "one, two", "one two three four"),
        ({"kind": "repeats", "pattern": r"\b\d{5}\b"}, "order 12345!", "On 12345", "12345 is sent", "54321"),
        ({"kind": "repeats", "pattern": r"for (\w+)"}, "for Ann, for Bo", "Ann, Bo", "Bo and Ann", "Ann alone"),
    ],
)
def test_a_rule_tells_what_keeps_it_from_what_breaks_it(
    rule: dict[str, object], prompt: str, wanted: str, kept: str, broken: str
) -> None:
    made = check(**rule)
    assert made.asks(prompt, wanted)
    assert made.passes(prompt, wanted, kept)
    assert not made.passes(prompt, wanted, broken)


def test_a_row_whose_wanted_answer_breaks_a_rule_does_not_ask_for_it() -> None:
    assert not check(kind="json_schema").asks("", "plain words")
    assert not check(kind="exact_answer", pattern="#### (.+)").asks("", "no mark")
    assert not check(kind="wording", holds=("regards",)).asks("", "no greeting")


def test_a_prompt_with_nothing_to_repeat_does_not_ask_for_it() -> None:
    numbers = check(kind="repeats", pattern=r"\d{5}")
    assert not numbers.asks("where is it?", "On its way")
    assert not numbers.asks("where is 12345?", "On its way")


def test_a_schema_must_be_satisfied(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps({"type": "object", "required": ["intent"]}))
    made = check_of(JsonSchema(schema_file=str(path)), "the rule of a test")
    assert made.passes("", "", '{"intent": "refund"}')
    assert not made.passes("", "", "{}")


@pytest.mark.parametrize(
    "rule", [ExactAnswer(pattern="("), Wording(holds=("(",)), Wording(never_holds=("(",)), Repeats(pattern="(")]
)
def test_a_pattern_that_is_none_is_refused_with_the_name_of_its_rule(rule: ExactAnswer | Wording | Repeats) -> None:
    with pytest.raises(UserInputError, match=r"pattern '\(' of the rule greeting is no regular expression"):
        check_of(rule, "the rule greeting")
