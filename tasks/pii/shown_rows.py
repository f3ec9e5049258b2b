"""Rows as people may see them in a report: personal data masked, long texts cut, nothing that a spreadsheet runs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tasks.pii.masking import mask

CSV_CHARACTERS = 500
EXAMPLE_CHARACTERS = 80
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def shown_text(text: object, characters: int = EXAMPLE_CHARACTERS) -> str:
    """A cell in one line, masked and then cut to `characters`; nothing for a null."""
    if not isinstance(text, str):
        return ""
    # Masked before it is cut, since half an address would not be found.
    line = " ".join(mask(text)[0].split())
    return line if len(line) <= characters else line[: characters - 1] + "…"


def shown_in_table(text: object) -> str:
    """A short quotation for a cell of a Markdown table."""
    line = shown_text(text).replace("\\", "\\\\").replace("|", "\\|").replace("`", "'").replace("<", "&lt;")
    return f"“{line}”" if line else "(empty)"


def write_shown_rows(rows: pd.DataFrame, path: Path) -> None:
    """Write rows as CSV, UTF-8 with a header, for people to look at."""
    texts = [name for name in rows.columns if not pd.api.types.is_numeric_dtype(rows[name])]
    rows.assign(**{name: [_csv_cell(cell) for cell in rows[name]] for name in texts}).to_csv(
        path, index=False, lineterminator="\n"
    )


def _csv_cell(cell: object) -> str:
    line = shown_text(cell, CSV_CHARACTERS)
    return f"'{line}" if line.startswith(FORMULA) else line
