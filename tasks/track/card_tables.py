"""Tables of the model card, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.records import Measurement
from tasks.track.outcome import number

FIGURES = {"Count", "Value", "Measured", "Accuracy", "Token F1"}
"""Columns that are set to the right."""


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The rows under their header; a bar in a cell does not end it."""
    marks = ["---", *("--:" if name in FIGURES else "---" for name in header[1:])]
    lines = [header, marks, *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def measured_row(name: str, value: Measurement) -> tuple[str, str, str]:
    """A figure, its value and its interval."""
    low, high = value.low, value.high
    return name, number(value.value), f"{number(low)} to {number(high)}" if low is not None and high is not None else ""
