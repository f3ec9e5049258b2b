"""What people look at after a curation: one page on rows, qualities and mix, and all rows that were set aside."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tasks.curate.ledger import STAGE, Ledger
from tasks.curate.measures import QUALITIES, Measured
from tasks.pii.shown_rows import shown_in_table, write_shown_rows

SHOWN_COLUMNS = ["split", "source", "row", "reason", "label", "text", "answer", "rejected", "id", "group", "stage"]
IN_WORDS = {
    "pii": "holds personal data",
    "conflicting_labels": "the same text stands there with other labels",
    "minority_label": "most rows with that text have another label",
    "in_holdout": "the same text stands in the holdout",
    "near_holdout": "nearly the same text stands in the holdout",
    "likely_label_error": "the other rows teach another label, confidently",
    "off_task": "is far from every other row",
    "over_target_mix": "its kind of row is over its share of the target mix",
    "unknown_label": "an answer with a label that the training rows do not have",
    "annotators_disagree": "an answer to a text that people answer differently, without a majority",
    "outvoted": "an answer that the majority contradicts",
    "empty_text": "an answer to an empty text",
}
IMAGE = re.compile(r'<img src="([\w.-]+\.png)"')
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Data</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; color: #222; }}
table {{ border-collapse: collapse; margin: .5rem 0 1rem; }}
th, td {{ text-align: left; vertical-align: top; padding: .3rem .8rem; border-bottom: 1px solid #ddd; }}
td {{ overflow-wrap: break-word; }}
code {{ background: #eef2f7; border-radius: 4px; padding: 0 .3rem; }}
img {{ max-width: 100%; }}
</style></head><body>
{body}</body></html>
"""


def write_report(
    folder: Path, ledger: Ledger, quarantined: pd.DataFrame, measures: Sequence[Measured], mix: str = ""
) -> None:
    """Write `data.md`, `data.html`, `quarantine.csv`, `flagged.csv` and `label_counts.png`; what is quoted is masked.

    `mix` is Markdown about the coverage; the pictures that it names must be in `folder`, which exists.
    """
    write_shown_rows(quarantined[SHOWN_COLUMNS], folder / "quarantine.csv")
    if ledger.noted:
        write_shown_rows(pd.concat(ledger.noted)[SHOWN_COLUMNS], folder / "flagged.csv")
    pictures = []
    if "label" in _columns_with_values(ledger):
        from tasks.curate.label_chart import draw_label_counts

        draw_label_counts(ledger.splits, folder / "label_counts.png")
        pictures = ["", "![Rows by label](label_counts.png)"]
    page = "\n".join([data_page(ledger, quarantined, measures), *([mix] if mix else []), *pictures]) + "\n"
    (folder / "data.md").write_text(page, encoding="utf-8")
    (folder / "data.html").write_text(as_html(page, folder), encoding="utf-8")


def as_html(markdown: str, folder: Path) -> str:
    """A page that stands alone: the pictures of `folder` are in it, and nothing is loaded from anywhere."""
    from markdown_it import MarkdownIt

    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)

    def embedded(match: re.Match[str]) -> str:
        return f'<img src="data:image/png;base64,{base64.b64encode((folder / match[1]).read_bytes()).decode()}"'

    return PAGE.format(body=IMAGE.sub(embedded, body))


def data_page(ledger: Ledger, quarantined: pd.DataFrame, measures: Sequence[Measured]) -> str:
    """The page in Markdown, without the mix."""
    came_in = sum(ledger.came_in.values())
    kept = sum(map(len, ledger.splits.values()))
    share = f" ({kept / came_in:.1%})" if came_in else ""
    lines = ["# Data", "", f"{came_in:,} rows came into the curation, and {kept:,}{share} are kept."]
    lines += [*_flow(ledger), *_qualities(measures), *_reasons(quarantined), *_merges(ledger), *_masked(ledger)]
    return "\n".join(lines) + "\n"


def _columns_with_values(ledger: Ledger) -> set[str]:
    return {str(name) for rows in ledger.splits.values() for name in rows if rows[name].notna().any()}


def _flow(ledger: Ledger) -> list[str]:
    lines = [
        "",
        "## Where rows went",
        "",
        "| Split | In | Merged | Set aside | Moved | Kept |",
        "|---|--:|--:|--:|--:|--:|",
    ]
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


def _qualities(measures: Sequence[Measured]) -> list[str]:
    if not measures:
        return []
    lines = ["", "## Six qualities", "", "| Quality | In order | Looked at | Flagged | Removed | Limit | |"]
    lines.append("|---|--:|--:|--:|--:|--:|---|")
    for one in measures:
        value = "not measured" if one.value is None else f"{one.value:.2%}"
        limit = "" if one.limit is None else f"{one.limit:.2%}{' **missed**' if one.missed else ''}"
        words = QUALITIES[one.quality] + (f"; {one.note}" if one.note else "")
        lines.append(
            f"| {one.quality} | {value} | {one.looked_at:,} | {one.flagged:,} | {one.removed:,} | {limit} | {words} |"
        )
    if any(one.flagged > one.removed for one in measures):
        lines += ["", "Rows that a room flagged without removing them are in `flagged.csv`."]
    return lines


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
    return ["", "## Personal data and secrets masked", "", "| Kind | Times |", "|---|--:|", *lines]


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
        words = f": {IN_WORDS[reason]}" if stage == STAGE and reason in IN_WORDS else ""
        splits = ", ".join(sorted(rows["split"].unique()))
        example = shown_in_table(rows.iloc[0]["text"])
        lines.append(f"| `{reason}`{words} | {stage} | {splits} | {len(rows):,} | {example} |")
    return [*lines, "", "All of them are in `quarantine.csv`."]
