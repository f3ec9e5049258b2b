"""The section `pilot` of the YAML: a few dozen rows that must show that fine-tuning helps before all are used."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tasks.records import TaskKind
from tasks.section import Section


class PilotConfig(Section):
    """A few dozen rows, minutes long, that must show that fine-tuning helps before the full training starts."""

    when: Literal["auto", "always", "never"] = "auto"
    """`auto` pilots language models. A classifier's full training takes minutes itself, and its few rows of each label
    say little about thousands; `advice` draws its learning curve instead. `always` pilots classifiers as well."""
    rows: int = Field(default=64, ge=8)
    """Training rows of the pilot, spread over the labels; 50 to 100 are usual. A classifier's has two of each label."""
    judged_rows: int = Field(default=128, ge=20)
    """Rows of the validation split on which base, base with the rows in its prompt, and pilot are compared."""
    epochs: float = Field(default=10, gt=0)
    """Passes over the pilot's rows; the best evaluation counts, and it stops early like any training."""
    on_no_help: Literal["stop", "warn"] = "stop"
    """What follows where the pilot does not show that fine-tuning helps: the run is rejected, or only a warning."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Confidence of the intervals by which it is decided."""
    max_seconds: float = Field(default=1800, gt=0)
    """A pilot training that takes longer ends the run with a message: it is to cost minutes."""
    prompt_tokens: int = Field(default=2048, ge=64)
    """Most tokens of the prompt that holds as many of the pilot's rows as fit, for language models."""
    seed: int = Field(default=0, ge=0)
    """Seed of the choice of rows."""

    def wants(self, task: TaskKind) -> bool:
        """Whether rows of this task are piloted."""
        return self.when == "always" or (self.when == "auto" and task != "classification")
