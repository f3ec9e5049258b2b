"""The section `curation` of the YAML: what is merged, removed or masked, and how rows are split."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tasks.section import Section


class CurationConfig(Section):
    """What is merged, removed or masked, and how rows are split."""

    pii: Literal["redact", "drop", "keep"] = "redact"
    """Personal data in a text: mask it, set the row aside, or leave it."""
    validation_share: float = Field(default=0.10, gt=0, lt=0.5)
    """Share of each label's training rows that steers training and calibration."""
    holdout_share: float = Field(default=0.20, gt=0, lt=0.5)
    """Share of each label's rows held out, where the data brings no holdout of its own."""
    seed: int = Field(default=0, ge=0)
    """Moves rows between splits; keep it, so that champion and candidate meet on the same rows."""
