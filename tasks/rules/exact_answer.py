"""The rule that an answer is the row's: as a whole, or in what a pattern takes out of both."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tasks.errors import UserInputError
from tasks.rules.expressions import compiled
from tasks.rules.kinds import ExactAnswer


@dataclass(frozen=True)
class ExactAnswerCheck:
    """Whether what `pattern` takes out of a text equals what it takes out of the row's answer."""

    pattern: re.Pattern[str] | None

    @classmethod
    def of(cls, rule: ExactAnswer, named: str) -> ExactAnswerCheck:
        """As the config says; `named` is the rule's name in messages.

        Raises UserInputError where its pattern is no regular expression with a group.
        """
        if rule.pattern is None:
            return cls(None)
        pattern = compiled(rule.pattern, named)
        if pattern.groups < 1:
            raise UserInputError(
                f"the pattern {rule.pattern!r} of {named} has no group, so it names no answer: put round brackets "
                "around what is to be compared, as in '#### (.+)'"
            )
        return cls(pattern)

    def taken_from(self, text: str) -> str | None:
        """What is compared: the first group of the last match, or the whole text; None where nothing matches."""
        if self.pattern is None:
            return text.strip()
        groups = [match.group(1) for match in self.pattern.finditer(text)]
        return groups[-1].strip() if groups and groups[-1] is not None else None

    def passes(self, prompt: str, wanted: str, said: str) -> bool:
        """Whether `said` has the answer of `wanted`."""
        found = self.taken_from(said)
        return found is not None and found == self.taken_from(wanted)

    def asks(self, prompt: str, wanted: str) -> bool:
        """Whether the wanted answer has what is compared."""
        return bool(self.taken_from(wanted))
