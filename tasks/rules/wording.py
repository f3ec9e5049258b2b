"""Rules about an answer's words: what it holds and never holds, how long it is, and what it repeats of the prompt."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tasks.metrics.generation import words_of
from tasks.rules.expressions import compiled
from tasks.rules.kinds import Repeats, Wording


@dataclass(frozen=True)
class WordingCheck:
    """Whether a text holds all of `holds`, none of `never`, and at most `most_words` words."""

    holds: tuple[re.Pattern[str], ...]
    never: tuple[re.Pattern[str], ...]
    most_words: int | None

    @classmethod
    def of(cls, rule: Wording, named: str) -> WordingCheck:
        """As the config says. Raises UserInputError where a pattern is no regular expression."""
        holds, never = (
            tuple(compiled(pattern, named, re.IGNORECASE) for pattern in patterns)
            for patterns in (rule.holds, rule.never_holds)
        )
        return cls(holds, never, rule.most_words)

    def passes(self, prompt: str, wanted: str, said: str) -> bool:
        """Whether `said` keeps the rule."""
        short = self.most_words is None or len(words_of(said)) <= self.most_words
        return short and all(each.search(said) for each in self.holds) and not any(e.search(said) for e in self.never)

    def asks(self, prompt: str, wanted: str) -> bool:
        """Whether the wanted answer keeps the rule."""
        return self.passes(prompt, wanted, wanted)


@dataclass(frozen=True)
class RepeatsCheck:
    """Whether a text repeats whatever `pattern` finds in the prompt."""

    pattern: re.Pattern[str]

    @classmethod
    def of(cls, rule: Repeats, named: str) -> RepeatsCheck:
        """As the config says. Raises UserInputError where the pattern is no regular expression."""
        return cls(compiled(rule.pattern, named))

    def passes(self, prompt: str, wanted: str, said: str) -> bool:
        """Whether all that is found in the prompt stands in `said`."""
        return all(part in said for part in self._found(prompt))

    def asks(self, prompt: str, wanted: str) -> bool:
        """Whether the prompt has something to repeat, and the wanted answer repeats it."""
        return bool(self._found(prompt)) and self.passes(prompt, wanted, wanted)

    def _found(self, prompt: str) -> set[str]:
        matches = self.pattern.finditer(prompt)
        found = (match.group(1) if self.pattern.groups else match.group() for match in matches)
        return {part for part in found if part}
