"""The part `grounding` of the section `evaluation`: what an answer may rest on, and how closely it must."""

from __future__ import annotations

from pydantic import Field

from tasks.section import Section


class GroundingConfig(Section):
    """How far what a language model says is supported by what it was given; its sentences, numbers and names."""

    source_pattern: str | None = None
    """Regular expression of the part of a prompt that is the source, such as `(?s)Context:(.*?)Question:`: its first
    group, or else the whole match; rows without a match are left out. Null is the whole prompt."""
    sources_path: str | None = None
    """A text file in UTF-8 that is a source for every row, such as the shop's rules, with one statement in a sentence;
    also the place for what is no claim, such as a greeting. Relative paths start at the working directory."""
    wanted_is_source: bool = False
    """Whether a row's wanted answer is a source too, for rows whose prompt does not hold what is known."""
    names: bool = True
    """Whether words with a capital inside a sentence count as names. Switch it off for German and other languages that
    write common nouns with a capital."""
    denials: bool = True
    """Whether a sentence that denies what its source says, or says what it denies, in the same words, is unsupported.
    The negative words are English; switch it off for other languages."""
    least_words: float = Field(default=0.6, gt=0, le=1)
    """Share of a sentence's content words that must stand in the source for the sentence to be supported."""
    least_similarity: float | None = Field(default=0.7, ge=-1, le=1)
    """A sentence with fewer of its words there is supported all the same where the cosine in meaning to a sentence of
    the source is at least this, by the bundled encoder, which reads English. Null: words alone decide."""
