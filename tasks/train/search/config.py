"""The section `search` of the YAML: which settings of the training are tried, how many, and for how long."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tasks.section import Section


class _Range(Section):
    @model_validator(mode="after")
    def _low_is_below_high(self) -> Self:
        low, high = getattr(self, "low", 0), getattr(self, "high", 1)
        if not low < high:
            raise ValueError(f"low ({low:g}) must be below high ({high:g})")
        return self


class Uniform(_Range):
    """Any value between two, all as likely at first."""

    kind: Literal["uniform"] = "uniform"
    low: float
    """The lowest value."""
    high: float
    """The highest value."""


class LogUniform(_Range):
    """Any value between two, all orders of magnitude as likely at first."""

    kind: Literal["log_uniform"] = "log_uniform"
    low: float = Field(gt=0)
    """The lowest value."""
    high: float
    """The highest value."""


class Whole(_Range):
    """Any whole number between two."""

    kind: Literal["whole"] = "whole"
    low: int
    """The lowest number."""
    high: int
    """The highest number."""


class OneOf(Section):
    """One of some values."""

    kind: Literal["one_of"] = "one_of"
    values: tuple[float, ...] = Field(min_length=2)
    """The values."""


Range = Annotated[Uniform | LogUniform | Whole | OneOf, Field(discriminator="kind")]


class SpaceConfig(Section):
    """The settings that are searched, each with its range; a setting without one keeps its value of `training`."""

    learning_rate: Range | None = LogUniform(low=1e-5, high=1e-3)
    """`training.learning_rate`, the one that matters most."""
    epochs: Range | None = None
    """`training.epochs`."""
    batch_size: Range | None = None
    """`training.batch_size`."""
    warmup_steps: Range | None = None
    """`training.warmup_steps`."""
    weight_decay: Range | None = None
    """`training.weight_decay`."""
    label_smoothing: Range | None = None
    """`training.label_smoothing`, for classifiers."""
    rank: Range | None = None
    """`training.technique.rank`; alpha moves with it, unless the technique is `rank_stabilised`."""

    def ranges(self) -> dict[str, Uniform | LogUniform | Whole | OneOf]:
        """The ranges that are set, by the name of their setting."""
        return {name: found for name in type(self).model_fields if (found := getattr(self, name)) is not None}


class SearchConfig(Section):
    """Looks for better settings before the training: trials of its first stage, judged by their validation loss."""

    trials: int = Field(default=0, ge=0)
    """How many settings are tried, those of the config first; 0 searches nothing. 10 to 30 are usual."""
    max_minutes: float = Field(default=60, gt=0)
    """No trial is begun or goes on after so many minutes of trials; what ended well until then counts."""
    space: SpaceConfig = SpaceConfig()
    """The settings that are searched."""
    unpruned_trials: int = Field(default=4, ge=1)
    """So many trials run to their end first; a later one whose validation loss lies above their median at the same
    evaluation is ended early."""
    seed: int = Field(default=0, ge=0)
    """Seed of the choice of settings (tree-structured Parzen estimator, Bergstra et al., 2011)."""
