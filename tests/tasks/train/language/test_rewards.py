"""Rewards by rules: what earns one, and that a rule of no use is refused in one message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks.errors import UserInputError
from tasks.train.language.rewards import ExactAnswerReward, JsonSchemaReward, rule_of
from tasks.train.stage_kinds import ExactAnswer, JsonSchema


def test_the_whole_text_must_equal_the_answer_but_for_blanks_around_it() -> None:
    reward = ExactAnswerReward.of(ExactAnswer())
    assert reward(["refund", " refund\n", "Refund", "a refund"], answer=["refund"] * 4) == [1, 1, 0, 0]


def test_a_pattern_compares_the_first_group_of_its_last_match() -> None:
    reward = ExactAnswerReward.of(ExactAnswer(pattern=r"#### (\S+)"))
    said = ["first #### 3, no: #### 42", "#### 3", "42", ""]
    assert reward(said, answer=["so it is #### 42"] * 4) == [1, 0, 0, 0]


def test_a_conversational_completion_counts_by_its_text_and_reasoning_does_not_count() -> None:
    reward = ExactAnswerReward.of(ExactAnswer())
    said = [[{"role": "assistant", "content": text}] for text in ("yes", "<think>no?</think>\n\nyes", "<think>yes")]
    assert reward(said, answer=["yes"] * 3) == [1, 1, 0]


def test_without_a_schema_any_json_earns_the_reward() -> None:
    reward = JsonSchemaReward.of(JsonSchema())
    assert reward(['{"a": 1}', "[]", "3", "{'a': 1}", "", "NaN", "[" * 100_000]) == [1, 1, 1, 0, 0, 0, 0]


def test_a_schema_must_be_satisfied(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    kind = {"type": "object", "required": ["intent"], "properties": {"intent": {"$ref": "#/$defs/name"}}}
    path.write_text(json.dumps({**kind, "$defs": {"name": {"type": "string"}}}))
    reward = JsonSchemaReward.of(JsonSchema(schema_file=str(path)))
    assert reward(['{"intent": "refund"}', '{"intent": 3}', "{}", "refund"]) == [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("pattern", "said"),
    [("#### (", "no regular expression"), ("#### .+", "has no group")],
    ids=["invalid", "groupless"],
)
def test_a_pattern_that_names_no_answer_is_refused(pattern: str, said: str) -> None:
    with pytest.raises(UserInputError, match=said):
        rule_of(ExactAnswer(pattern=pattern))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file"),
        ("{", "cannot be read"),
        ("[1]", "holds a list"),
        ('{"type": "text"}', "is no JSON Schema: 'text' is not valid"),
        ('{"$ref": "https://example.com/schema.json"}', "refers to 'https://example.com/schema.json'"),
        ('{"$ref": "#/$defs/lost"}', "refers to '#/\\$defs/lost'"),
    ],
    ids=["missing", "no json", "a list", "no schema", "leads out", "leads nowhere"],
)
def test_a_schema_file_of_no_use_is_refused(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "schema.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserInputError, match=said):
        rule_of(JsonSchema(schema_file=str(path)))
