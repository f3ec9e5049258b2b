"""What a reader gives back: the wanted columns as strings, and the lines that could not be read, with the reason."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tasks.acquire.config import DataConfig
from tasks.errors import UserInputError

Values = dict[str, str | None]
"""One row: canonical column (`id`, `text`, `label`, `group`) to its text, null where there is none."""


@dataclass(frozen=True)
class Origin:
    """Where a table comes from, in the words of messages."""

    section: str
    """The config's field, for example `data.train`."""
    name: str
    """The file, object or dataset as a person would look for it."""

    def __str__(self) -> str:
        return f"{self.section} ({self.name})"


@dataclass(frozen=True)
class Malformed:
    """A line that is no row."""

    row: int
    """Its line, from 1."""
    reason: str
    """A short, stable word: `ragged_row`, `bad_quoting`, `bad_json`, `not_an_object`, `not_a_plain_value`, …"""
    detail: str
    """What is wrong, in words that show nothing of the line; messages and reports may hold it."""
    raw: str
    """The line as it stands."""


@dataclass
class Table:
    """The rows of one source, in its order."""

    rows: list[int] = field(default_factory=list)
    """Line of each row (CSV, JSONL) or its number (Parquet, hub), from 1."""
    values: list[Values] = field(default_factory=list)
    malformed: list[Malformed] = field(default_factory=list)


@dataclass(frozen=True)
class Wanted:
    """The columns to read: canonical name to the source's name, and which of them must be there."""

    columns: dict[str, str]
    required: frozenset[str]

    def found_in(self, header: Iterable[str], origin: Origin) -> dict[str, str]:
        """The wanted columns that are there. Raises UserInputError where a required one is missing or stands twice."""
        header = list(header)
        for canonical, column in self.columns.items():
            if header.count(column) > 1:
                raise UserInputError(
                    f"{origin} has {header.count(column)} columns called {column!r}: rename all but one"
                )
            if canonical in self.required and column not in header:
                shown = ", ".join(repr(name) for name in header[:30])
                raise UserInputError(
                    f"{origin} has no column {column!r}; its columns are {shown}.{_separator_hint(header)} "
                    f"Set data.{canonical}_column to the one that is meant"
                )
        return {canonical: column for canonical, column in self.columns.items() if column in header}


def wanted_columns(config: DataConfig, split: str) -> Wanted:
    """What is read for a split. Unlabelled rows need no label or group, and a label there is not looked at."""
    columns = {"text": config.text_column}
    if config.id_column is not None:
        columns["id"] = config.id_column
    required = set(columns)
    if split != "unlabelled":
        columns["label"] = config.label_column
    if config.group_column is not None:
        columns["group"] = config.group_column
    return Wanted(columns, frozenset(columns if split != "unlabelled" else required))


def as_text(value: Any) -> str | None:
    """A cell as text: numbers in their shortest form (a whole number without a point), null and NaN as null.

    Raises TypeError for anything that is not a plain value.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int | float | Decimal):
        return str(value)
    raise TypeError(f"a {type(value).__name__} is not a plain value")


def row_values(cells: dict[str, str | None]) -> Values:
    """A row in which an empty id, label or group is null; an empty text stays, for validation to judge."""
    return {name: None if name != "text" and not (cell or "").strip() else cell for name, cell in cells.items()}


def _separator_hint(header: list[str]) -> str:
    if len(header) == 1:
        for separator, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if separator in header[0]:
                return f" The file seems to be separated by {word}: save it with commas."
    return ""
