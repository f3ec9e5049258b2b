"""The part `evaluation.drift` of the YAML: how quality is measured under simulated drift."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from tasks.section import Section

Strength = Annotated[float, Field(gt=0, le=1)]


class DriftConfig(Section):
    """A classifier's: quality under shifts that are simulated at several strengths, of which one is judged."""

    rows: int = Field(default=300, ge=20)
    """Holdout rows that are answered again under new words and new style, drawn by the seed; all where there are fewer.
    Shifts of the label shares need no new answers and use every row."""
    strengths: tuple[Strength, ...] = Field(default=(0.25, 0.5, 1.0), min_length=1)
    """Strengths of the curves, above 0 (the rows as they are) and up to 1, rising."""
    judged_strength: Strength = 0.5
    """The strength that the gate looks at; one of `strengths`."""
    most_new_words: float = Field(default=0.2, gt=0, le=1)
    """Share of the content words that are replaced at strength 1. The default judges a text with one in ten
    replaced; with all of them replaced nothing would be left to read."""
    drawn_mixtures: int = Field(default=200, ge=20)
    """Mixtures of the labels, drawn from the flat Dirichlet distribution, that the present one is moved towards."""
    kept_in_mixtures: float = Field(default=0.9, gt=0.5, lt=1)
    """Share of these mixtures in which the accuracy under prior shift is reached."""
    largest_divergence: float = Field(default=0.16, gt=0, le=5)
    """Kullback-Leibler divergence, in nats, of the worst mixture from the present one at strength 1. The default puts
    strength 0.5 at 0.08, where `watch` rolls a release back."""

    @model_validator(mode="after")
    def _judged_is_on_the_curve(self) -> Self:
        if list(self.strengths) != sorted(set(self.strengths)):
            raise ValueError(f"strengths must rise, each once, and are {list(self.strengths)}")
        if self.judged_strength not in self.strengths:
            raise ValueError(
                f"judged_strength is {self.judged_strength:g}, but must be one of strengths, {list(self.strengths)}"
            )
        return self
