"""The section `advice` of the YAML: what is said about the number of rows before anything is trained."""

from __future__ import annotations

from pydantic import Field

from tasks.section import Section


class AdviceConfig(Section):
    """Whether the rows suit the technique, and what more of them would bring; said before any training."""

    learning_curve: bool = True
    """Fit a cheap probe on a few subsets, to predict what more rows would bring (classification only)."""
    max_rows: int = Field(default=4000, ge=100)
    """The learning curve looks at no more rows than this, chosen at random."""
    seed: int = Field(default=0, ge=0)
    """Moves rows between the subsets."""
    stop_if_too_few: bool = False
    """Whether rows that are fewer than the technique wants stop the run."""
