"""Rules for the set as a whole: what stops a run before anything is trained, said so that a person can mend it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from tasks.pii.shown_rows import shown_text
from tasks.records import TaskKind
from tasks.validate.agreement import COMPARED_SPLITS
from tasks.validate.checked_set import CheckedSet, CheckedSplit, called
from tasks.validate.checks import in_words
from tasks.validate.comparisons import split_differs
from tasks.validate.config import ValidationConfig

LISTED = 10
COLUMN_SETTINGS = {
    "classification": "data.text_column and data.label_column name",
    "instruction": "data.text_column and data.answer_column name",
    "preference": "data.text_column, data.answer_column and data.rejected_column name",
    "chat": "data.messages_column names",
}


def empty_split(rows: dict[str, pd.DataFrame]) -> str | None:
    """What is wrong where there are no rows to train on, or a split that the config names has none."""
    for split in dict.fromkeys(("train", *rows)):
        if split not in rows or rows[split].empty:
            leave_out = "" if split == "train" else f", or leave data.{split} out"
            return f"the split {split} has no rows: look whether data.{split} names the right source{leave_out}"
    return None


def first_problem(checked: CheckedSet, config: ValidationConfig) -> str | None:
    """What is wrong with the set, the cause before its consequences; None where it may be trained on."""
    return next(_problems(checked, config), None)


def _problems(checked: CheckedSet, config: ValidationConfig) -> Iterator[str]:
    train = checked.by_name["train"]
    labelled = checked.task == "classification"
    for split in COMPARED_SPLITS if labelled else ():
        if split in checked.by_name:
            yield from _unknown_labels(train, checked.by_name[split], config)
    yield from split_differs(checked, config.max_difference)
    for one in checked.splits:
        yield from _too_many_bad(one, checked.task, config)
        yield from _own_expectation_not_met(one)
    yield from _too_few_rows(train, config)
    if labelled:
        yield from _one_class(train)
        yield from _rare_labels(train, checked.allowed, config)


def _unknown_labels(train: CheckedSplit, other: CheckedSplit, config: ValidationConfig) -> Iterator[str]:
    present = other.rows if config.labels is None else other.rows[other.rows["label"].isin(config.labels)]
    counts = present["label"].dropna().value_counts()
    known = train.rows["label"].dropna().unique()
    unknown = counts[~counts.index.isin(known)].sort_index()
    if unknown.empty or not len(known):
        return
    first = present[present["label"].isin(unknown.index)].iloc[0]
    yield (
        f"the {called(other.split)} has {_rows(int(unknown.sum()))} with labels that train never has: "
        f"{_counted(unknown)}. The first is row {first['row']:,} of {first['source']}. A model cannot be judged on "
        "what it was never shown: look whether the split went wrong or a label is misspelt, add such rows to train, or "
        f"take these from the {called(other.split)}"
    )


def _too_many_bad(checked: CheckedSplit, task: TaskKind, config: ValidationConfig) -> Iterator[str]:
    bad, total = checked.bad, len(checked.rows)
    if len(bad) <= config.max_quarantined_share * total:
        return
    first = bad.iloc[0]
    yield (
        f"{len(bad):,} of the {total:,} rows of the split {checked.split} ({len(bad) / total:.1%}) fail their checks, "
        f"and validation.max_quarantined_share allows {config.max_quarantined_share:.1%}. The commonest reasons: "
        f"{_reasons(bad)}. The first is row {first['row']:,} of {first['source']}. Mend the rows, look "
        f"whether {COLUMN_SETTINGS[task]} what is meant, or raise the share if these rows may be left out"
    )


def _own_expectation_not_met(checked: CheckedSplit) -> Iterator[str]:
    for outcome in checked.outcomes:
        if outcome.met or outcome.check.otherwise == "set_aside":
            continue
        where = f"the split {checked.split} does not meet {outcome.check.place}, {outcome.check.name}"
        if outcome.fails.any():
            first = checked.rows.iloc[int(outcome.fails.argmax())]
            found = f"{_rows(int(outcome.fails.sum()))} of {len(checked.rows):,} fail it, the first is row "
            yield f"{where}: {found}{first['row']:,} of {first['source']}. Mend the data, or change the expectation"
        else:
            observed = shown_text(str(outcome.result.result.get("observed_value")))
            yield f"{where}: found was {observed}. Mend the data, or change the expectation"


def _too_few_rows(train: CheckedSplit, config: ValidationConfig) -> Iterator[str]:
    good, total = len(train.good), len(train.rows)
    if good >= config.min_rows:
        return
    lost = f" ({total:,} came in; {_reasons(train.bad)})" if good < total else ""
    yield (
        f"the split train has {_rows(good, 'good ')}{lost}, and validation.min_rows asks for {config.min_rows:,}: "
        "add rows, or lower the limit if so few are meant"
    )


def _one_class(train: CheckedSplit) -> Iterator[str]:
    labels = sorted(train.good["label"].unique())
    if len(labels) > 1:
        return
    lost = f" ({_reasons(train.bad)})" if len(train.bad) else ""
    yield (
        f"all {_rows(len(train.good), 'good ')} of the split train{lost} have the one label {shown_text(labels[0])!r}, "
        "and a classifier needs 2: look whether data.label_column names the right column, or add rows of another"
    )


def _rare_labels(train: CheckedSplit, allowed: Iterable[str], config: ValidationConfig) -> Iterator[str]:
    present = sorted(set(allowed) & set(train.rows["label"].dropna()))
    counts = train.good["label"].value_counts().reindex(present, fill_value=0)
    rare = counts[counts < config.min_rows_per_label].sort_values(kind="stable")
    if rare.empty:
        return
    first = train.rows[train.rows["label"] == rare.index[0]].iloc[0]
    yield (
        f"in the split train {len(rare):,} of {len(present):,} labels have fewer good rows than "
        f"validation.min_rows_per_label asks for ({config.min_rows_per_label}): {_counted(rare)}. The first stands in "
        f"row {first['row']:,} of {first['source']}. Look whether a label is misspelt; else add rows of it, take it "
        "out, or name the labels that are meant in validation.labels so that others are set aside"
    )


def _rows(count: int, kind: str = "") -> str:
    return f"{count:,} {kind}row{'' if count == 1 else 's'}"


def _counted(counts: pd.Series) -> str:
    shown = [f"{shown_text(label)!r} ({_rows(int(count))})" for label, count in counts.head(LISTED).items()]
    return ", ".join(shown) + (f" and {len(counts) - LISTED:,} more" if len(counts) > LISTED else "")


def _reasons(bad: pd.DataFrame) -> str:
    return ", ".join(f"{count:,} {in_words(str(name))}" for name, count in bad["reason"].value_counts().head(3).items())
