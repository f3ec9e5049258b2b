"""From a rule of the YAML to the check that answers are put to."""

from __future__ import annotations

from typing import Protocol

from tasks.rules.exact_answer import ExactAnswerCheck
from tasks.rules.json_schema import JsonSchemaCheck
from tasks.rules.kinds import ExactAnswer, JsonSchema, Repeats, Wording
from tasks.rules.wording import RepeatsCheck, WordingCheck


class Check(Protocol):
    """What every rule can say about an answer."""

    def passes(self, prompt: str, wanted: str, said: str) -> bool:
        """Whether the answer `said` to `prompt` keeps the rule; `wanted` is the row's own answer."""

    def asks(self, prompt: str, wanted: str) -> bool:
        """Whether the row asks for the rule, by its own answer, which keeps it."""


def check_of(rule: ExactAnswer | JsonSchema | Wording | Repeats, named: str) -> Check:
    """The check of a rule; `named` is its name in messages. Raises UserInputError for a pattern or file of no use."""
    if isinstance(rule, ExactAnswer):
        return ExactAnswerCheck.of(rule, named)
    if isinstance(rule, JsonSchema):
        return JsonSchemaCheck.of(rule, named)
    return WordingCheck.of(rule, named) if isinstance(rule, Wording) else RepeatsCheck.of(rule, named)
