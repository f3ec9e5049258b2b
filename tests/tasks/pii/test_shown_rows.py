"""What people are shown is masked, short, and harmless in a spreadsheet and in Markdown."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tasks.pii.shown_rows import CSV_CHARACTERS, EXAMPLE_CHARACTERS, shown_in_table, shown_text, write_shown_rows


def test_a_shown_text_is_masked_before_it_is_cut() -> None:
    shown = shown_text("x" * (EXAMPLE_CHARACTERS - 9) + " anna@example.com")
    assert "anna" not in shown
    assert len(shown) <= EXAMPLE_CHARACTERS


def test_a_shown_text_cannot_break_a_markdown_table() -> None:
    assert shown_in_table("a | b\n`c` <b>") == "“a \\| b 'c' &lt;b>”"
    assert shown_in_table(None) == "(empty)"


def test_the_csv_holds_no_formula_no_personal_data_and_no_long_cell(tmp_path: Path) -> None:
    cells = ["=HYPERLINK(1)", "-1+1", "mail a@example.com", "y" * 200_000, None]
    rows = pd.DataFrame({"text": pd.Series(cells, dtype="str"), "row": range(5)})
    write_shown_rows(rows, tmp_path / "rows.csv")
    shown = pd.read_csv(tmp_path / "rows.csv", keep_default_na=False)
    assert shown["text"].tolist()[:3] == ["'=HYPERLINK(1)", "'-1+1", "mail <EMAIL>"]
    assert shown["text"].str.len().max() == CSV_CHARACTERS
    assert shown["row"].tolist() == [0, 1, 2, 3, 4]
