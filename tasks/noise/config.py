"""The section `noise` of the YAML: how much two trainings differ by their seed alone."""

from __future__ import annotations

from pydantic import Field, field_validator

from tasks.section import Section


class NoiseConfig(Section):
    """How much two trainings differ by their seed alone; found out once for each way to train, and then known."""

    seeds: int = Field(default=0, ge=0)
    """Further trainings, each with a seed of its own, whose scores on the holdout are compared; 0 leaves it unknown.
    They cost as much as so many runs, the first time that a model is trained in a new way (sections `training` and
    `export`, and the base model's bytes); 3 to 5 are usual."""

    @field_validator("seeds")
    @classmethod
    def _one_has_no_spread(cls, seeds: int) -> int:
        if seeds == 1:
            raise ValueError("one training has no spread: give 2 or more, or 0 to leave the noise unknown")
        return seeds
