"""What a search came to: a frozen record with the trials and the training config that did best."""

from __future__ import annotations

from typing import Literal

from tasks.records import Artefact, Record
from tasks.train.config import TrainingConfig

TrialState = Literal["complete", "pruned", "failed"]


class Trial(Record):
    """One setting that was tried."""

    number: int
    values: dict[str, float]
    """Value of each searched setting."""
    state: TrialState
    """`pruned` was ended early, by the others' losses or by the clock; `failed` did not train with these values."""
    validation_loss: float | None
    """The best of its evaluations, in nats; null where it never came to one."""
    evaluations: tuple[float, ...] = ()
    """Its validation losses in their order."""
    seconds: float
    why: str = ""
    """Why it was pruned or failed."""


class SearchResult(Artefact):
    """The settings to train with, and how they were found; `report/` has the table and the chart."""

    dataset_digest: str
    training: TrainingConfig
    """The section `training` with the best values in place."""
    best: int
    """Number of the trial with the lowest validation loss; 0 is that of the config's own values, where they were
    within the ranges."""
    trials: tuple[Trial, ...]
    sentence: str
    """For a person: what was tried, what did best, and by how much."""
