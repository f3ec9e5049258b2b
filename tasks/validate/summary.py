"""The page that sums a validation up: rows by split, each reason with an example, and the comparisons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tasks.datasets.folder import read_quarantined
from tasks.pii.shown_rows import shown_in_table, shown_text
from tasks.records import DatasetRef
from tasks.validate.agreement import CHANCE, COMPARED_SPLITS, Difference
from tasks.validate.checked_set import CheckedSet, CheckedSplit
from tasks.validate.checks import in_words
from tasks.validate.shift import LabelShift, LengthShift, Shift

DIFFERENCES_SHOWN = 20
LABELS_SHOWN = 20


def summary_page(checked: CheckedSet, max_difference: float | None, rows_shown: int) -> str:
    """The page in Markdown; quoted texts are masked and cut. `rows_shown` is how many rows `quarantine.csv` has."""
    lines = ["# Validation", "", "| Split | Rows | Kept | Set aside | Share set aside |", "|---|--:|--:|--:|--:|"]
    for one in checked.splits:
        share = len(one.bad) / len(one.rows) if len(one.rows) else 0.0
        lines.append(f"| {one.split} | {len(one.rows):,} | {len(one.good):,} | {len(one.bad):,} | {share:.1%} |")
    lines += _set_aside(checked)
    lines += [line for one in checked.splits for line in _not_met(one)]
    lines += _agreement(checked, max_difference)
    tail = f"`quarantine.csv` shows {rows_shown:,} rows that were set aside, here and at acquisition; the dataset's"
    tail += " `quarantined.parquet` has all. What was expected is in `data_docs/index.html`."
    return "\n".join([*lines, "", tail]) + "\n"


def line_for_people(dataset: DatasetRef) -> str:
    """What was kept and what was set aside here, in one line."""
    aside = read_quarantined(dataset)
    counts = aside.loc[aside["stage"] == "validate", "reason"].value_counts()
    reasons = ", ".join(f"{count:,} {in_words(str(reason))}" for reason, count in counts.items())
    kept = f"{sum(dataset.rows.values()):,} kept, {int(counts.sum()):,} quarantined"
    return f"{kept} ({reasons})" if reasons else kept


def _set_aside(checked: CheckedSet) -> list[str]:
    lines = []
    for one in checked.splits:
        names = {outcome.check.reason: outcome.check for outcome in one.outcomes}
        for reason, rows in sorted(one.bad.groupby("reason"), key=lambda group: (-len(group[1]), group[0])):
            first, check = rows.iloc[0], names[str(reason)]
            place, text = f"{first['row']:,}", shown_in_table(first["text"])
            lines.append(
                f"| {one.split} | {check.words} | `{reason}` | `{check.name}` | {len(rows):,} | {place} | {text} |"
            )
    if not lines:
        return []
    head = ["## Set aside", "", "| Split | Why | Reason | Expectation | Rows | First row | Its text |"]
    return ["", *head, "|---|---|---|---|--:|--:|---|", *lines]


def _not_met(one: CheckedSplit) -> Iterator[str]:
    """What stops the run without setting rows aside."""
    for outcome in one.outcomes:
        if outcome.check.otherwise == "stop" and not outcome.met:
            yield from ("", f"The split {one.split} does not meet `{outcome.check.name}` ({outcome.check.place}).")


def _agreement(checked: CheckedSet, limit: float | None) -> list[str]:
    others = [split for split in COMPARED_SPLITS if split in checked.by_name]
    if not others:
        return []
    lines = ["", f"## Train against {' and '.join(others)}", "", *_differences(checked.differences, limit)]
    if checked.task != "classification":
        return lines
    labels = {split: set(checked.by_name[split].rows["label"].dropna()) for split in ("train", *others)}
    for split in others:
        lines += _one_sided(f"Only train has, not {split}", labels["train"] - labels[split])
        lines += _one_sided(f"Only {split} has, not train", labels[split] - labels["train"])
    return lines


def _differences(found: Sequence[Difference], limit: float | None) -> list[str]:
    if not found:
        return ["The shares of missing cells and of types of values are the same in every column."]
    lines = [
        "| Column | Cells that are | Split | In train | In the split | Points apart | |",
        "|---|---|---|--:|--:|--:|---|",
    ]
    for one in found[:DIFFERENCES_SHOWN]:
        train, other = one.shares
        figures = f"{train:.2%} | {other:.2%} | {100 * one.size:.2f}"
        lines.append(f"| {one.column} | {one.kind} | {one.split} | {figures} | {_standing(one, limit)} |")
    more = len(found) - DIFFERENCES_SHOWN
    return [*lines, "", f"and {more:,} smaller ones."] if more > 0 else lines


def _standing(one: Difference, limit: float | None) -> str:
    if limit is None:
        return "reported only"
    if one.size <= limit:
        return "within the limit"
    if one.chance >= CHANCE:
        return f"above the limit, but may be chance (p = {one.chance:.2f})"
    return "above the limit and more than chance" if one.stops(limit) else "above the limit by a single row"


def _one_sided(words: str, labels: set[str]) -> list[str]:
    if not labels:
        return []
    listed = ", ".join(shown_in_table(label) for label in sorted(labels)[:LABELS_SHOWN])
    more = f" and {len(labels) - LABELS_SHOWN:,} more" if len(labels) > LABELS_SHOWN else ""
    return ["", f"{words}, {len(labels):,} of the labels: {listed}{more}."]


def shift_page(shift: Shift) -> str:
    """The comparison with what the champion was trained on, in Markdown; it names the picture `shift.png`."""
    lines = [
        "# Against what the champion was trained on",
        "",
        f"The champion's {shift.rows[0]:,} different training rows, as curation left them, and the {shift.rows[1]:,} "
        "of now. Made-up rows do not count. ![What moved](shift.png)",
    ]
    lines += _labels(shift.labels) if shift.labels is not None else []
    return "\n".join([*lines, *_lengths(shift.lengths)]) + "\n"


def _labels(labels: LabelShift) -> list[str]:
    lines = ["", f"Labels: Jensen-Shannon distance {labels.distance:.4f} (0 the same, 1 nothing in common)."]
    if labels.moved.empty:
        return lines
    lines += ["", "| Label that moved | Before | Now | Points |", "|---|--:|--:|--:|"]
    for label, before, now in labels.moved.itertuples():
        name = shown_in_table(shown_text(label))
        lines.append(f"| {name} | {before:.2%} | {now:.2%} | {100 * (now - before):+.2f} |")
    return lines


def _lengths(lengths: list[LengthShift]) -> list[str]:
    if not lengths:
        return []
    lines = ["", "| Lengths of | KS statistic | p | Median before | Median now | 95 % below, before | Now |"]
    lines.append("|---|--:|--:|--:|--:|--:|--:|")
    for one in lengths:
        figures = " | ".join(
            f"{np.percentile(cells, share):,.0f}" for share in (50, 95) for cells in (one.before, one.now)
        )
        lines.append(f"| {one.column} | {one.statistic:.4f} | {one.p:.2g} | {figures} |")
    return lines
