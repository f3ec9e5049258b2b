"""The page that sums a validation up: rows by split, and each reason with an example."""

from __future__ import annotations

from tasks.pii.shown_rows import shown_in_table
from tasks.validate.rules import CheckedSplit
from tasks.validate.suite import IN_WORDS


def summary_page(checked: list[CheckedSplit]) -> str:
    """The page in Markdown; quoted texts are masked and cut."""
    lines = ["# Validation", "", "| Split | Rows | Kept | Set aside | Share set aside |", "|---|--:|--:|--:|--:|"]
    for one in checked:
        share = len(one.bad) / len(one.rows) if len(one.rows) else 0.0
        lines.append(f"| {one.split} | {len(one.rows):,} | {len(one.good):,} | {len(one.bad):,} | {share:.1%} |")
    failing = [one for one in checked if len(one.bad)]
    if failing:
        lines += ["", "| Split | Why | Expectation | Rows | First row | Its text |", "|---|---|---|--:|--:|---|"]
    for one in failing:
        for name, rows in sorted(one.bad.groupby("reason"), key=lambda group: (-len(group[1]), group[0])):
            first = rows.iloc[0]
            words, text = IN_WORDS[str(name)], shown_in_table(first["text"])
            lines.append(f"| {one.split} | {words} | `{name}` | {len(rows):,} | {first['row']:,} | {text} |")
    tail = "All rows that were set aside are in `quarantine.csv`, what was expected in `data_docs/index.html`."
    return "\n".join([*lines, "", tail]) + "\n"
