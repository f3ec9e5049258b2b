"""The part `fairness` of the section `evaluation`: between which groups, and on what, a classifier is compared."""

from __future__ import annotations

from pydantic import Field

from tasks.section import Section


class FairnessConfig(Section):
    """How a classifier's service of groups is compared; the groups are those of data.group_column."""

    positive_label: str | None = None
    """The label that is good to be given, such as `approved`: equal opportunity is about the rows that deserve it. Null
    is every label in turn: the mean over the labels of which each judged group has a row."""
    smallest_group: int = Field(default=30, ge=1)
    """Rows of a group below which it cannot decide, and is shown and not judged: rows with the positive label, and for
    equalised odds rows with another; all its rows where no positive label is named."""
