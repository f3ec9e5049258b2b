"""The part `memorisation` of the section `evaluation`: whether a classifier has seen the holdout before."""

from __future__ import annotations

from pydantic import Field

from tasks.section import Section


class MemorisationConfig(Section):
    """How it is found out that the holdout was learned from: by its texts, and by answers that are too good."""

    validation_rows: int = Field(default=1000, ge=1)
    """Rows of the validation split, the first by id, whose accuracy the holdout's is compared with."""
