"""Rules that a program can check of an answer, as the YAML names them: for rewards in training, and for evaluation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tasks.section import Section


class ExactAnswer(Section):
    """What is asked for, taken out of the model's text, equals that of the row's answer."""

    kind: Literal["exact_answer"] = "exact_answer"
    pattern: str | None = None
    """Regular expression whose last match's first group is the answer, such as `#### (.+)`; null compares the whole."""


class JsonSchema(Section):
    """The model's text is JSON that satisfies a schema."""

    kind: Literal["json_schema"] = "json_schema"
    schema_file: str | None = None
    """A file with the JSON Schema, by a path that is absolute or starts at the project; null: any JSON that parses."""


class Wording(Section):
    """The model's text holds what it has to hold, and nothing that it must not."""

    kind: Literal["wording"] = "wording"
    holds: tuple[str, ...] = ()
    """Regular expressions, each of which must be found in the text; capitals do not matter."""
    never_holds: tuple[str, ...] = ()
    """Regular expressions of which none may be found in the text; capitals do not matter."""
    most_words: int | None = Field(default=None, ge=1)
    """Most words that the text may have; null is any number."""


class Repeats(Section):
    r"""What the prompt names, such as an order number, stands in the model's text too, where it has one."""

    kind: Literal["repeats"] = "repeats"
    pattern: str
    r"""Regular expression of what must be repeated, such as `\b\d{5}\b`; its first group, or else the whole match."""


Rule = Annotated[ExactAnswer | JsonSchema | Wording | Repeats, Field(discriminator="kind")]
