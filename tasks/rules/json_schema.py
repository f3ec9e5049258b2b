"""The rule that an answer is JSON, and satisfies a JSON Schema where there is one; nothing is fetched to check it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema.exceptions import SchemaError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012, SchemaRegistry, specification_with

from tasks.errors import UserInputError
from tasks.rules.kinds import JsonSchema


@dataclass(frozen=True)
class JsonSchemaCheck:
    """Whether a text is JSON, and satisfies the schema where there is one."""

    validator: Validator | None

    @classmethod
    def of(cls, rule: JsonSchema, named: str) -> JsonSchemaCheck:
        """As the config says; `named` is the rule's name in messages.

        Raises UserInputError where the file cannot be read or is no JSON Schema.
        """
        if rule.schema_file is None:
            return cls(None)
        name = f"the schema_file {rule.schema_file!r} of {named}"
        try:
            schema = json.loads(Path(rule.schema_file).read_text(encoding="utf-8"))
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

    def satisfied_by(self, text: str) -> bool:
        """Whether the text is JSON that the schema allows."""
        try:
            value = json.loads(text, parse_constant=_refuse_constant)
            return self.validator is None or self.validator.is_valid(value)
        except (ValueError, RecursionError):
            return False

    def passes(self, prompt: str, wanted: str, said: str) -> bool:
        """Whether `said` satisfies the schema, whatever was wanted."""
        return self.satisfied_by(said)

    def asks(self, prompt: str, wanted: str) -> bool:
        """Whether the wanted answer satisfies the schema, so that one like it is asked for."""
        return self.satisfied_by(wanted)


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
