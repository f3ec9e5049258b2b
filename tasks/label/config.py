"""The section `labelling` of the YAML: where people answer, and how much they are asked."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tasks.section import Section


class FileQueueConfig(Section):
    """The embedded queue: a folder of CSV files that a person fills in with any spreadsheet."""

    kind: Literal["file"] = "file"
    batch_size: int = Field(default=20, ge=0)
    """Rows asked after each run; 0 asks nothing."""
    max_open: int = Field(default=200, ge=0)
    """No new rows are asked while this many wait for an answer."""
