"""The part `parity` of the section `evaluation`: whether a model's forms say the same."""

from __future__ import annotations

from pydantic import Field

from tasks.section import Section


class ParityConfig(Section):
    """How the trained network and the served form are compared, on the same rows."""

    rows: int = Field(default=1000, ge=1)
    """Rows that both forms answer: the holdout's, and where those are fewer the validation and training split's."""
