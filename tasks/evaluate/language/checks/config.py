"""The part `checks` of the section `evaluation`: rules that a program can check of every answer."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from tasks.rules.kinds import Rule
from tasks.section import Section


class AskedRule(Section):
    """A rule and the rows that it is asked of."""

    rule: Rule
    """The rule; `exact_answer` and `json_schema` are those that training rewards."""
    name: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,40}$")
    """What figures call it; null is its kind."""
    asked_of: Literal["kept_by_wanted", "all"] = "kept_by_wanted"
    """`kept_by_wanted`: the rows whose wanted answer keeps the rule itself, so that the data says which rule it asks
    for. `all`: every row."""
    groups: tuple[str, ...] = ()
    """Only rows of these groups (data.group_column); empty is all."""

    @property
    def called(self) -> str:
        """Its name in figures."""
        return self.name or self.rule.kind


class ChecksConfig(Section):
    """Rules for answers, and how many answers keep them; an answer passes that keeps every rule that is asked of it."""

    rules: tuple[AskedRule, ...] = Field(min_length=1)
    """The rules, each with a name of its own."""

    @model_validator(mode="after")
    def _names_are_distinct(self) -> Self:
        names = [rule.called for rule in self.rules]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two rules are called {twice[0]}: give each a `name` of its own")
        return self
