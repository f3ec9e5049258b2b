"""Rewards by rules that anybody can check: an exact answer, and JSON that satisfies a schema.

A reward is a function of a model's text. TRL calls it with lists: the completions, and the columns of their rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsonschema.exceptions import SchemaError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012, SchemaRegistry, specification_with

from tasks.errors import UserInputError
from tasks.models.conversation import without_reasoning
from tasks.train.stage_kinds import ExactAnswer, JsonSchema

Completion = str | list[dict[str, str]]
"""What a model wrote: a text, or a list of one message whose `content` it is."""


def text_of(completion: Completion) -> str:
    """The text that a model wrote, without a block of reasoning that it may open with."""
    written = completion if isinstance(completion, str) else completion[-1]["content"]
    return without_reasoning(written)


@dataclass(frozen=True)
class ExactAnswerReward:
    """1 where what `pattern` takes out of the text equals what it takes out of the row's answer; else 0."""

    pattern: re.Pattern[str] | None
    __name__: str = field(default="exact_answer", init=False)

    @classmethod
    def of(cls, reward: ExactAnswer) -> ExactAnswerReward:
        """As the config says. Raises UserInputError where its pattern is no regular expression with a group."""
        if reward.pattern is None:
            return cls(None)
        try:
            pattern = re.compile(reward.pattern)
        except re.error as error:
            raise UserInputError(
                f"the pattern {reward.pattern!r} of the reward exact_answer is no regular expression: {error}; mend "
                "training.stages, or leave the pattern out to compare whole texts"
            ) from None
        if pattern.groups < 1:
            raise UserInputError(
                f"the pattern {reward.pattern!r} of the reward exact_answer has no group, so it names no answer: put "
                "round brackets around what is to be compared, as in '#### (.+)'"
            )
        return cls(pattern)

    def taken_from(self, text: str) -> str | None:
        """What is compared: the first group of the last match, or the whole text; None where nothing matches."""
        if self.pattern is None:
            return text.strip()
        groups = [match.group(1) for match in self.pattern.finditer(text)]
        return groups[-1].strip() if groups and groups[-1] is not None else None

    def __call__(self, completions: Sequence[Completion], answer: Sequence[str], **_: Any) -> list[float]:
        """One reward a completion; `answer` holds the answers of their rows."""
        found = [self.taken_from(text_of(completion)) for completion in completions]
        wanted = [self.taken_from(text) for text in answer]
        pairs = zip(found, wanted, strict=True)
        return [float(said is not None and said == right) for said, right in pairs]


@dataclass(frozen=True)
class JsonSchemaReward:
    """1 where the text is JSON, and satisfies the schema where there is one; else 0."""

    validator: Validator | None
    __name__: str = field(default="json_schema", init=False)

    @classmethod
    def of(cls, reward: JsonSchema) -> JsonSchemaReward:
        """As the config says. Raises UserInputError where the file cannot be read or is no JSON Schema."""
        if reward.schema_file is None:
            return cls(None)
        name = f"the schema_file {reward.schema_file!r} of the reward json_schema"
        try:
            schema = json.loads(Path(reward.schema_file).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise UserInputError(f"{name} cannot be read: {reason}; give the path of a JSON file") from None
        if not isinstance(schema, dict | bool):
            raise UserInputError(f"{name} holds a {type(schema).__name__}; a JSON Schema is an object, true or false")
        known = validator_for(schema)
        try:
            known.check_schema(schema)
        except SchemaError as error:
            raise UserInputError(f"{name} is no JSON Schema: {error.message} (at {error.json_path})") from None
        specification = specification_with(known.META_SCHEMA["$schema"], default=DRAFT202012)
        # A registry that fetches nothing: a schema never reaches for the network.
        registry: SchemaRegistry = Registry()
        _refuse_strange_references(name, schema, registry.with_resource("", specification.create_resource(schema)))
        return cls(known(schema, registry=registry))

    def __call__(self, completions: Sequence[Completion], **_: Any) -> list[float]:
        """One reward a completion."""
        return [float(self.satisfied_by(text_of(completion))) for completion in completions]

    def satisfied_by(self, text: str) -> bool:
        """Whether the text is JSON that the schema allows."""
        try:
            value = json.loads(text, parse_constant=_refuse_constant)
            return self.validator is None or self.validator.is_valid(value)
        except (ValueError, RecursionError):
            return False


Rule = ExactAnswerReward | JsonSchemaReward


def rule_of(reward: ExactAnswer | JsonSchema) -> Rule:
    """The function of a reward by rule. Raises UserInputError where its pattern or its schema is of no use."""
    return ExactAnswerReward.of(reward) if isinstance(reward, ExactAnswer) else JsonSchemaReward.of(reward)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _refuse_strange_references(name: str, schema: Any, registry: SchemaRegistry) -> None:
    """Refuse a reference that leads out of the file, or nowhere in it."""
    resolver = registry.resolver()
    for reference in _references(schema):
        try:
            resolver.lookup(reference)
        except Unresolvable:
            raise UserInputError(
                f"{name} refers to {reference!r}, which is not in the file; allowed are references within the file, "
                "as in '#/$defs/address'"
            ) from None


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for part in schema.values():
            yield from _references(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _references(part)
