"""The part `energy` of the section `evaluation`: how the energy of a prediction is measured."""

from __future__ import annotations

from pydantic import Field

from tasks.section import Section


class EnergyConfig(Section):
    """How much energy predictions take, the candidate's beside the champion's, in turns."""

    rounds: int = Field(default=6, ge=3)
    """Times that each model takes its turn; intervals are over the rounds."""
    requests: int = Field(default=100, ge=1)
    """Single-row requests in a turn. Where energy is modelled, a turn must be long against the hundredth of a second in
    which processor time is counted."""
