"""Which claims of an answer its source supports.

A sentence is supported where every number and every name in it stands in the source, no clause of it says the opposite
of one there, and either enough of its content words do stand there, or it says nearly the same as a sentence there.
Numbers and names by themselves: Nan et al. (2021), "Entity-level factual consistency of abstractive text
summarization", and Zhao et al. (2020), "Reducing quantity hallucinations in abstractive summarization"; words: the
coverage of Grusky et al. (2018), "Newsroom"; for each sentence the best of the source's sentences, then the mean:
Laban et al. (2022), "SummaC", with a cosine of embeddings in place of an entailment model. What this cannot see: a
contradiction in other words, and facts put together in another way.
"""

from __future__ import annotations

from dataclasses import dataclass

from tasks.evaluate.language.grounding.claims import Claims, claims_of, known_numbers, sentences_of, stems_of
from tasks.evaluate.language.grounding.denial import Clause, clauses_of, contradicts
from tasks.metrics.generation import words_of


@dataclass(frozen=True)
class Source:
    """What an answer may rest on."""

    sentences: tuple[str, ...]
    numbers: frozenset[str]
    words: frozenset[str]
    """Every word, in lower case."""
    stems: frozenset[str]
    clauses: tuple[Clause, ...]

    @classmethod
    def of(cls, text: str) -> Source:
        """What a text holds."""
        words = frozenset(words_of(text)) | frozenset(text.casefold().split())
        sentences = tuple(sentences_of(text))
        clauses = tuple(clause for sentence in sentences for clause in clauses_of(sentence))
        return cls(sentences, known_numbers(text), words, stems_of(text), clauses)


@dataclass(frozen=True)
class Supported:
    """How far one sentence is supported."""

    claims: Claims
    unknown_numbers: int
    unknown_names: int
    word_share: float | None
    """Share of its content words that the source has; None where it has none."""
    contradicting: bool
    """Whether it says the opposite of the source in the same words."""

    @property
    def tenable(self) -> bool:
        """Whether every number and every name stands in the source, and nothing there says the opposite."""
        return not self.unknown_numbers and not self.unknown_names and not self.contradicting

    def said(self, least_words: float) -> bool:
        """Whether that holds, and the source has this share of the content words at the least, where there are any."""
        return self.tenable and (self.word_share is None or self.word_share >= least_words)


def supported(sentence: str, source: Source, *, names: bool, denials: bool) -> Supported:
    """Look for each claim of a sentence in its source, and with `denials` for the opposite of what it says."""
    claims = claims_of(sentence, names=names)
    unknown_names = sum(1 for name in claims.names if not _knows_name(source, name))
    return Supported(
        claims,
        unknown_numbers=sum(1 for readings in claims.numbers if not readings & source.numbers),
        unknown_names=unknown_names,
        word_share=len(claims.words & source.stems) / len(claims.words) if claims.words else None,
        contradicting=denials and contradicts(sentence, source.clauses),
    )


def claims_in(answer: str, source: Source, *, names: bool, denials: bool) -> list[Supported]:
    """The sentences of an answer that claim something, each with what the source has of it."""
    found = (supported(sentence, source, names=names, denials=denials) for sentence in sentences_of(answer))
    return [each for each in found if each.claims.any]


def _knows_name(source: Source, name: str) -> bool:
    return name in source.words or all(part in source.words for part in words_of(name))
