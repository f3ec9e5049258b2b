"""What readers give back, a batch at a time: the wanted columns as strings, and the lines that could not be read."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tasks.acquire.config import DataConfig
from tasks.datasets.folder import SPLITS
from tasks.errors import UserInputError
from tasks.pii.shown_rows import shown_text

TEXT = pa.large_string()
SHOWN_COLUMNS = 30


@dataclass(frozen=True)
class Origin:
    """Where a file comes from, in the words of messages."""

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
    """A short, stable word: `ragged_row`, `bad_quoting`, `bad_json`, `bad_date`, `no_assistant_turn`, …"""
    detail: str
    """What is wrong, in words that show nothing of the line; messages and reports may hold it."""
    raw: str
    """The line as it stands; a very long one is cut when it is kept."""


@dataclass(frozen=True)
class Batch:
    """Some rows of a file, in its order."""

    rows: pa.Table
    """`row` (int64: the line, or in Parquet the number, from 1) and the columns found, by canonical name, as TEXT."""
    malformed: list[Malformed] = field(default_factory=list)


@dataclass(frozen=True)
class Wanted:
    """The columns to read: canonical name to the file's name, and which of them must be there."""

    columns: dict[str, str]
    required: frozenset[str]
    task: str = "classification"
    """What a row teaches; `chat`, and `preference` without a text, take their row out of conversations."""
    answered: bool = True
    """False where a row needs nothing but its text: unlabelled rows and public test sets."""

    @property
    def conversations(self) -> frozenset[str]:
        """The columns that may hold a list of `role` and `content`, which readers hand on as JSON."""
        if self.task == "preference" and "text" not in self.columns:
            return frozenset({"answer", "rejected"})
        return frozenset({"messages"} if self.task == "chat" else ())

    def found_in(self, header: Iterable[str], origin: Origin) -> dict[str, str]:
        """The wanted columns that are there. Raises UserInputError where a required one is missing or stands twice."""
        header = list(header)
        for canonical, column in self.columns.items():
            if header.count(column) > 1:
                raise UserInputError(
                    f"{origin} has {header.count(column)} columns called {column!r}: rename all but one"
                )
            if canonical in self.required and column not in header:
                # Where the header was forgotten, these are the cells of a row, so they are masked.
                shown = ", ".join(repr(shown_text(name)) for name in header[:SHOWN_COLUMNS])
                alone = f", or {origin.section}.text_column for this source alone," if canonical == "text" else ""
                more = f" and {len(header) - SHOWN_COLUMNS:,} more" if len(header) > SHOWN_COLUMNS else ""
                raise UserInputError(
                    f"{origin} has no column {column!r}; its columns are {shown}{more}.{_separator_hint(header)} "
                    f"Set data.{canonical}_column{alone} to the one that is meant"
                )
        return {canonical: column for canonical, column in self.columns.items() if column in header}


def wanted_columns(config: DataConfig, split: str) -> Wanted:
    """What is read for a split. Unlabelled rows need no label, group or date, and a label there is not looked at.

    A public test set (any `split` that is not one of the dataset's) gives its text alone.
    """
    answered, test_set = split in SPLITS and split != "unlabelled", split not in SPLITS
    columns = _taught(config, answered)
    if config.id_column is not None and not test_set:
        columns["id"] = config.id_column
    required = frozenset(columns)
    for name, column in (("group", config.group_column), ("date", config.date_column)):
        if column is not None and not test_set:
            columns[name] = column
    return Wanted(columns, frozenset(columns) if answered else required, config.task, answered)


def _taught(config: DataConfig, answered: bool) -> dict[str, str]:
    if config.task == "chat":
        return {"messages": config.messages_column}
    if config.text_column is None:
        return {"answer": config.answer_column, "rejected": config.rejected_column}
    columns = {"text": config.text_column}
    if answered and config.task == "classification":
        columns["label"] = config.label_column
    if answered and config.task in {"instruction", "preference"}:
        columns["answer"] = config.answer_column
    if answered and config.task == "preference":
        columns["rejected"] = config.rejected_column
    return columns


def batch_of(rows: list[int], columns: dict[str, list[str | None]], malformed: list[Malformed] | None = None) -> Batch:
    """A batch from lists of one length. Raises UnicodeEncodeError for half a surrogate pair."""
    arrays = {"row": pa.array(rows, pa.int64()), **{name: pa.array(cells, TEXT) for name, cells in columns.items()}}
    return Batch(pa.table(arrays), malformed or [])


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


def _separator_hint(header: list[str]) -> str:
    if len(header) == 1:
        for separator, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if separator in header[0]:
                return f" The file seems to be separated by {word}: save it with commas."
    return ""
