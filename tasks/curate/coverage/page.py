"""What the rows cover, for people to read: a page in Markdown with the thin cells first, and all cells as CSV."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tasks.curate.coverage.chart import draw_coverage
from tasks.curate.coverage.covered import Covered
from tasks.curate.coverage.ratios import listed_cells, shown_share
from tasks.pii.shown_rows import shown_in_table, write_shown_rows

THIN_LISTED, CELLS_LISTED = 20, 12
TOLD = {
    "label": "the label of the row",
    "group": "the group of the row",
    "topic": "clusters of the texts' meaning, each named by its telling words",
    "style": "the first that fits: long with references (links, code, lists, quotations), with references, terse, "
    "long, with slips of the keyboard (a rare word one letter from a word fifty times as common), plain",
    "length": "words of the text",
    "form": "a question mark, or an English word that opens a question",
    "letters": "whether there are capitals",
    "task_type": "the leading English verb",
    "asked_format": "what form English words ask the answer to have",
    "openness": "closed where the wording asks for one right answer",
    "answer_length": "words of the answer",
}


def write_coverage(folder: Path, covered: Covered) -> None:
    """Write `coverage.md`, `coverage.png` and `coverage.csv` into an existing folder; the same for the same rows."""
    draw_coverage(covered, folder / "coverage.png")
    (folder / "coverage.md").write_text(page_of(covered), encoding="utf-8")
    tables = [table.assign(dimension=name) for name, table in covered.tables.items()]
    if tables:
        every = pd.concat(tables, ignore_index=True)
        write_shown_rows(every[["dimension", *every.columns.drop("dimension")]], folder / "coverage.csv")


def page_of(covered: Covered) -> str:
    """The page: what is compared, the thin cells in a sentence each, the picture, and a table a dimension."""
    lines = ["# What the training rows cover", "", _introduction(covered), "", *_thin_cells(covered), ""]
    lines += ["![Shares of the training rows, and of real traffic, by dimension](coverage.png)"]
    for name, table in covered.tables.items():
        lines += ["", f"## By {spoken(name)}", "", f"Told by: {TOLD[name]}.", "", *_table(table)]
    return "\n".join(lines) + "\n"


def spoken(dimension: str) -> str:
    """The name of a dimension in words."""
    return dimension.replace("_", " ")


def _introduction(covered: Covered) -> str:
    looked_at = len(covered.cells)
    sample = f" (a sample of {covered.total_rows:,})" if covered.total_rows > looked_at else ""
    if covered.traffic_cells is None:
        return f"{looked_at:,} training rows{sample}. There is no real traffic to compare them with."
    stands = f" ({covered.compared_with})" if covered.compared_with else ""
    return (
        f"{looked_at:,} training rows{sample} beside {len(covered.traffic_cells):,} rows of real traffic{stands}. A "
        "ratio of 1 means that a cell has the same share of both; below 1, the training rows have too few."
    )


def _thin_cells(covered: Covered) -> list[str]:
    thin = covered.thin
    if thin.empty:
        return ["## Thin cells", "", "None."]
    lines = [f"## Thin cells: {len(thin):,}", ""]
    lines += [_sentence(row) for _, row in thin.head(THIN_LISTED).iterrows()]
    more = len(thin) - THIN_LISTED
    return [*lines, *([f"- and {more:,} more, in `coverage.csv`."] if more > 0 else [])]


def _sentence(row: pd.Series) -> str:
    cell = f"{spoken(row['dimension'])} {shown_in_table(row['cell'])}"
    have, against = f"- {cell}: {_rows(row['rows'])} ({shown_share(row['share'])})", ""
    if pd.notna(row["traffic_share"]):
        against = (
            f", against {shown_share(row['traffic_share'])} of traffic: {_number(row['ratio'])} times its share there "
            f"({_number(row['ratio_low'])} to {_number(row['ratio_high'])})"
        )
    return f"{have}{against}; about {_rows(row['missing_rows'])} more would do."


def _table(table: pd.DataFrame) -> list[str]:
    compared = bool(table["traffic_share"].notna().any())
    head = "| Cell | Rows | Share | Traffic | Ratio (interval) | |" if compared else "| Cell | Rows | Share | |"
    lines = [head, "|---|--:|--:|--:|--:|---|" if compared else "|---|--:|--:|---|"]
    shown = listed_cells(table, CELLS_LISTED)
    for _, row in shown.iterrows():
        cells = [shown_in_table(row["cell"]), f"{row['rows']:,}", shown_share(row["share"])]
        if compared:
            interval = f"{_number(row['ratio_low'])} to {_number(row['ratio_high'])}"
            cells += [shown_share(row["traffic_share"]), f"{_number(row['ratio'])} ({interval})"]
        lines.append(f"| {' | '.join([*cells, 'thin' if row['thin'] else ''])} |")
    if len(shown) < len(table):
        lines += ["", f"The extremes of {len(table):,} cells; all of them are in `coverage.csv`."]
    return lines


def _rows(count: float) -> str:
    return "1 row" if count == 1 else f"{count:,.0f} rows"


def _number(ratio: float) -> str:
    if pd.isna(ratio):
        return "-"
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}"
