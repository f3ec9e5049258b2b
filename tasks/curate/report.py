"""What people look at after a curation: the flow of rows on one page, the quarantine, and the labels of each split."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tasks.curate.ledger import Ledger
from tasks.pii.shown_rows import shown_in_table, write_shown_rows

IN_WORDS = {
    "pii": "holds personal data",
    "conflicting_labels": "the same text stands there with other labels",
    "in_holdout": "the same text stands in the holdout",
    "unknown_label": "an answer with a label that the training rows do not have",
    "annotators_disagree": "an answer to a text that people answer differently, without a majority",
    "outvoted": "an answer that the majority contradicts",
    "empty_text": "an answer to an empty text",
}
SHOWN_COLUMNS = ["split", "source", "row", "reason", "label", "text", "id", "group", "stage"]


def write_report(folder: Path, ledger: Ledger, quarantined: pd.DataFrame) -> None:
    """Write `rows.md`, `quarantine.csv` and `label_counts.png`; whatever is quoted is masked."""
    from tasks.curate.label_chart import draw_label_counts

    folder.mkdir()
    (folder / "rows.md").write_text(rows_page(ledger, quarantined), encoding="utf-8")
    write_shown_rows(quarantined[SHOWN_COLUMNS], folder / "quarantine.csv")
    draw_label_counts(ledger.splits, folder / "label_counts.png")


def rows_page(ledger: Ledger, quarantined: pd.DataFrame) -> str:
    """The flow of rows in Markdown."""
    return "\n".join([*_flow(ledger), *_merges(ledger), *_masked(ledger), *_reasons(quarantined)]) + "\n"


def _flow(ledger: Ledger) -> list[str]:
    lines = ["# Rows", "", "| Split | In | Merged | Set aside | Moved | Kept |", "|---|--:|--:|--:|--:|--:|"]
    totals = [0] * 5
    for split in dict.fromkeys(("train", "validation", "holdout", *ledger.came_in, *ledger.splits)):
        came_in = ledger.came_in.get(split, 0)
        merged = sum(count for (left, _), count in ledger.merged.items() if left == split)
        aside = sum(int((rows["split"] == split).sum()) for rows in ledger.aside)
        kept = len(ledger.splits.get(split, ()))
        figures = [came_in, merged, aside, kept - (came_in - merged - aside), kept]
        if not any(figures):
            continue
        totals = [total + figure for total, figure in zip(totals, figures, strict=True)]
        lines.append(_flow_line(split, figures))
    return [*lines, _flow_line("**all**", totals)]


def _flow_line(name: str, figures: list[int]) -> str:
    came_in, merged, aside, moved, kept = figures
    return f"| {name} | {came_in:,} | {merged:,} | {aside:,} | {f'{moved:+,}' if moved else '0'} | {kept:,} |"


def _merges(ledger: Ledger) -> list[str]:
    merges = [(split, what, count) for (split, what), count in sorted(ledger.merged.items()) if count]
    if not merges:
        return []
    lines = [f"| {split} | {what} | {count:,} |" for split, what, count in merges]
    return ["", "## Merged", "", "| Split | Rows that | Rows |", "|---|---|--:|", *lines]


def _masked(ledger: Ledger) -> list[str]:
    if not ledger.masked:
        return []
    lines = [f"| {kind.lower()} | {count:,} |" for kind, count in sorted(ledger.masked.items())]
    return ["", "## Personal data masked", "", "| Kind | Times |", "|---|--:|", *lines]


def _reasons(quarantined: pd.DataFrame) -> list[str]:
    """Every reason, earlier stages' included, with an example."""
    if quarantined.empty:
        return ["", "No row was set aside."]
    lines = [
        "",
        "## Set aside, in all stages",
        "",
        "| Reason | Stage | Splits | Rows | Example |",
        "|---|---|---|--:|---|",
    ]
    groups = quarantined.groupby(["stage", "reason"], sort=True)
    for (stage, reason), rows in sorted(groups, key=lambda group: -len(group[1])):
        words = f": {IN_WORDS[reason]}" if reason in IN_WORDS else ""
        splits = ", ".join(sorted(rows["split"].unique()))
        example = shown_in_table(rows.iloc[0]["text"])
        lines.append(f"| `{reason}`{words} | {stage} | {splits} | {len(rows):,} | {example} |")
    return [*lines, "", "All of them are in `quarantine.csv`."]
