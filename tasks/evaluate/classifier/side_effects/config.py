"""The part `evaluation.side_effects` of the YAML: slices in which a model may get worse, and texts that are no task."""

from __future__ import annotations

from pydantic import Field

from tasks.section import Section


class SideEffectsConfig(Section):
    """A classifier's: slices of the holdout that are kept for comparison, and how sure it is where it should not be."""

    smallest_slice: int = Field(default=10, ge=5)
    """Fewest holdout rows of a slice; smaller ones are left out. Fewer than six cannot show a loss at all."""
    sure_above: float = Field(default=0.8, gt=0, lt=1)
    """Confidence above which an answer to a text that is no task counts as sure."""
    off_task_texts: tuple[str, ...] = ()
    """Texts that are no task of this model, in place of the bundled ones, where those would be: the bundled texts are
    nonsense, fragments, other languages, and sentences on nature, history, cooking and the like."""
