"""Whether a sentence denies what its source says in the same words, or says what its source denies.

Sentences are taken apart into clauses, since a denial reaches no further. Each clause of the sentence is laid beside
the clauses of the source that hold the most of its content words; where those hold enough of them, and one side denies
and the other does not, the sentence contradicts its source. A denial is an odd number of negative words (after Chapman
et al. 2001, "A simple algorithm for identifying negated findings and diseases"), in English. What this cannot see: a
contradiction by other words, such as open and closed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tasks.evaluate.language.grounding.claims import stems_of

CLAUSE_END = re.compile(
    r"[,;:()\u2013\u2014]+\s|\s[-\u2013\u2014]\s|"
    r"\s(?=(?:but|although|though|unless|except|because|if|when|while|until|since|before|after)\s)",
    re.IGNORECASE,
)
NEGATIVE = re.compile(
    r"\b(?:no|not|never|none|nobody|nothing|neither|nor|cannot|without)\b|n['\u2019]t\b", re.IGNORECASE
)
NO_DENIAL = re.compile(
    r"\b(?:not only|no longer than|no later than|whether or not|no doubt|nothing but)\b|\bno\.?\s*\d", re.IGNORECASE
)
FEWEST_WORDS = 2
"""Content words of a clause that is compared: one word alone stands in too many places."""
LEAST_SHARE = 0.75
"""Share of its content words that a clause of the source must hold to be about the same."""


@dataclass(frozen=True)
class Clause:
    """A part of a sentence: what it is about, and whether it denies that."""

    words: frozenset[str]
    """Stems of the content words, without the negative ones."""
    denies: bool


def clauses_of(sentence: str) -> list[Clause]:
    """The clauses of a sentence that have content words enough to be compared."""
    parts = (Clause(stems_of(NEGATIVE.sub(" ", part)), denies(part)) for part in CLAUSE_END.split(sentence))
    return [part for part in parts if len(part.words) >= FEWEST_WORDS]


def denies(clause: str) -> bool:
    """Whether a clause holds an odd number of negative words."""
    return len(NEGATIVE.findall(NO_DENIAL.sub(" ", clause))) % 2 == 1


def contradicts(sentence: str, source: tuple[Clause, ...]) -> bool:
    """Whether a clause of the sentence says the opposite of the clauses of its source that are most like it."""
    return any(_opposed(clause, source) for clause in clauses_of(sentence))


def _opposed(clause: Clause, source: tuple[Clause, ...]) -> bool:
    likeness = [(len(clause.words & other.words) / len(clause.words | other.words), other) for other in source]
    about = [pair for pair in likeness if len(clause.words & pair[1].words) >= LEAST_SHARE * len(clause.words)]
    most = max((alike for alike, _ in about), default=0.0)
    return bool(about) and all(other.denies != clause.denies for alike, other in about if alike == most)
