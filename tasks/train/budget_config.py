"""The section `training.budget`: the device that a training is planned for, and how much of it may be spent."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, Field

from tasks.section import Section

T = TypeVar("T", bound=BaseModel)


class BudgetConfig(Section):
    """The device that a training is planned for, and how much of it may be spent."""

    device: str = "this"
    """`this` machine, timed by a few real steps; or a known device: H100, H200, A100, L4, T4 or RTX 4090."""
    price_per_hour: float | None = Field(default=None, gt=0)
    """What an hour of the device costs, in any currency; without it no cost is stated."""
    max_hours: float | None = Field(default=None, gt=0)
    """A training that would take longer is not begun."""
    max_cost: float | None = Field(default=None, gt=0)
    """A training that would cost more is not begun; needs `price_per_hour`."""


def without_budget(training: T) -> T:
    """The same section without its budget, on which no model depends: a new price is no reason to train again."""
    return training.model_copy(update={"budget": BudgetConfig()})
