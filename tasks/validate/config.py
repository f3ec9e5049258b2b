"""The section `validation` of the YAML: what a row and a set must be like."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from tasks.section import Section


class ValidationConfig(Section):
    """What a row and a set must be like; checked with Great Expectations."""

    labels: tuple[str, ...] | None = Field(default=None, min_length=2)
    """Allowed labels; without them every label of the training rows is allowed."""
    min_text_characters: int = Field(default=1, ge=1)
    """A shorter text, after trimming, is set aside."""
    max_text_characters: int = Field(default=5000, ge=1)
    """A longer text, after trimming, is set aside."""
    min_rows: int = Field(default=50, ge=2)
    """Fewer good training rows than this stop the run."""
    min_rows_per_label: int = Field(default=5, ge=2)
    """A label with fewer good training rows than this stops the run."""
    max_quarantined_share: float = Field(default=0.10, ge=0, le=1)
    """A larger share of any split's rows set aside stops the run."""

    @model_validator(mode="after")
    def _some_length_is_allowed(self) -> Self:
        if self.min_text_characters > self.max_text_characters:
            raise ValueError("min_text_characters is larger than max_text_characters: no text could pass")
        return self
