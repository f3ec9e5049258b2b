"""The part `parity` of the section `evaluation`: whether a model's forms say the same."""

from __future__ import annotations

from pydantic import Field

from tasks.section import Section


class ParityConfig(Section):
    """How the forms of one model are compared, on the same rows, with what its network said in training."""

    rows: int = Field(default=1000, ge=1)
    """Rows that every form answers: those that the network was asked about when its training ended (validation, then
    train); where training kept no answers, the holdout's first. Rows that it has learned from will do."""
    served: bool = False
    """A classifier's: whether the model server is started with it, on this machine alone, and asked over HTTP too."""
    answers: int = Field(default=32, ge=1)
    """A language model's: rows whose whole answers are compared, where a rounded form stands beside the merged one."""
