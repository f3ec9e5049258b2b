"""Rewards by rules that anybody can check: an exact answer, and JSON that satisfies a schema.

A reward is a function of a model's text. TRL calls it with lists: the completions, and the columns of their rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tasks.models.conversation import without_reasoning
from tasks.rules.exact_answer import ExactAnswerCheck
from tasks.rules.json_schema import JsonSchemaCheck
from tasks.train.stage_kinds import ExactAnswer, JsonSchema

Completion = str | list[dict[str, str]]
"""What a model wrote: a text, or a list of one message whose `content` it is."""


def text_of(completion: Completion) -> str:
    """The text that a model wrote, without a block of reasoning that it may open with."""
    written = completion if isinstance(completion, str) else completion[-1]["content"]
    return without_reasoning(written)


@dataclass(frozen=True)
class ExactAnswerReward:
    """1 where the text has the row's answer by the rule exact_answer, else 0."""

    check: ExactAnswerCheck
    __name__: str = field(default="exact_answer", init=False)

    @classmethod
    def of(cls, reward: ExactAnswer) -> ExactAnswerReward:
        """As the config says. Raises UserInputError where its pattern is no regular expression with a group."""
        return cls(ExactAnswerCheck.of(reward, "the reward exact_answer (training.stages)"))

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """What takes the answer out of a text; None where whole texts are compared."""
        return self.check.pattern

    def taken_from(self, text: str) -> str | None:
        """What is compared: see ExactAnswerCheck."""
        return self.check.taken_from(text)

    def __call__(self, completions: Sequence[Completion], answer: Sequence[str], **_: Any) -> list[float]:
        """One reward a completion; `answer` holds the answers of their rows."""
        pairs = zip(completions, answer, strict=True)
        return [float(self.check.passes("", right, text_of(completion))) for completion, right in pairs]


@dataclass(frozen=True)
class JsonSchemaReward:
    """1 where the text is JSON, and satisfies the schema where there is one; else 0."""

    check: JsonSchemaCheck
    __name__: str = field(default="json_schema", init=False)

    @classmethod
    def of(cls, reward: JsonSchema) -> JsonSchemaReward:
        """As the config says. Raises UserInputError where the file cannot be read or is no JSON Schema."""
        return cls(JsonSchemaCheck.of(reward, "the reward json_schema (training.stages)"))

    def __call__(self, completions: Sequence[Completion], **_: Any) -> list[float]:
        """One reward a completion."""
        return [float(self.check.satisfied_by(text_of(completion))) for completion in completions]


Rule = ExactAnswerReward | JsonSchemaReward


def rule_of(reward: ExactAnswer | JsonSchema) -> Rule:
    """The function of a reward by rule. Raises UserInputError where its pattern or its schema is of no use."""
    return ExactAnswerReward.of(reward) if isinstance(reward, ExactAnswer) else JsonSchemaReward.of(reward)
