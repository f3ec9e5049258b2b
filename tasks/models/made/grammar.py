"""A small generator of text: rules by name, each a choice of productions with `{names}` of rules or values in them."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

_NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Grammar:
    """Context-free rules, and the source of chance that picks among their productions."""

    rules: Mapping[str, tuple[str, ...]]
    dice: random.Random

    def say(self, text: str, values: Mapping[str, str]) -> str:
        """The text with every `{name}` filled: by its value where it has one, else by a production of its rule.

        A value stays the same wherever it is named; a rule is drawn anew each time. Raises KeyError for a name that is
        neither.
        """
        return _NAME.sub(lambda match: self._fill(match[1], values), text)

    def draw(self, rule: str, values: Mapping[str, str]) -> str:
        """A production of the rule, filled."""
        return self.say(self.dice.choice(self.rules[rule]), values)

    def _fill(self, name: str, values: Mapping[str, str]) -> str:
        return values[name] if name in values else self.draw(name, values)
