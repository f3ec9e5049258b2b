"""The section `release` of the YAML: what happens to a candidate that passed."""

from __future__ import annotations

from pydantic import Field

from tasks.section import Section


class ReleaseConfig(Section):
    """What happens to a candidate that passed."""

    alias: str = Field(default="champion", pattern=r"^[a-z][a-z0-9_-]*$")
    """Alias in MLflow's registry that follows the release log."""
    why: str = Field(default="scheduled retrain", min_length=1)
    """The reason written into the release log."""
