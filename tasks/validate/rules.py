"""Rules for the set as a whole: what stops a run before anything is trained, said so that a person can mend it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from tasks.pii.shown_rows import shown_text
from tasks.validate.config import ValidationConfig
from tasks.validate.suite import IN_WORDS

LISTED = 10


@dataclass(frozen=True)
class CheckedSplit:
    """The rows of a split, and for each the expectation that it fails first, or null."""

    split: str
    rows: pd.DataFrame
    why: pd.Series

    @property
    def good(self) -> pd.DataFrame:
        """The rows that fail nothing."""
        return self.rows[self.why.isna()]

    @property
    def bad(self) -> pd.DataFrame:
        """The rows that are set aside, with their `reason`."""
        return self.rows[self.why.notna()].assign(reason=self.why.dropna())


def empty_split(rows: dict[str, pd.DataFrame]) -> str | None:
    """What is wrong where there are no rows to train on, or a split that the config names has none."""
    for split in dict.fromkeys(("train", *rows)):
        if split not in rows or rows[split].empty:
            leave_out = "" if split == "train" else f", or leave data.{split} out"
            return f"the split {split} has no rows: look whether data.{split} names the right source{leave_out}"
    return None


def first_problem(splits: Sequence[CheckedSplit], allowed: Iterable[str], config: ValidationConfig) -> str | None:
    """What is wrong with the set, the cause before its consequences; None where it may be trained on."""
    return next(_problems(splits, allowed, config), None)


def _problems(splits: Sequence[CheckedSplit], allowed: Iterable[str], config: ValidationConfig) -> Iterator[str]:
    by_name = {checked.split: checked for checked in splits}
    train = by_name["train"]
    if "holdout" in by_name:
        yield from _unknown_in_holdout(train, by_name["holdout"], config)
    for checked in splits:
        yield from _too_many_bad(checked, config)
    yield from _too_few_rows(train, config)
    yield from _one_class(train)
    yield from _rare_labels(train, allowed, config)


def _unknown_in_holdout(train: CheckedSplit, holdout: CheckedSplit, config: ValidationConfig) -> Iterator[str]:
    present = holdout.rows if config.labels is None else holdout.rows[holdout.rows["label"].isin(config.labels)]
    counts = present["label"].dropna().value_counts()
    known = train.rows["label"].dropna().unique()
    unknown = counts[~counts.index.isin(known)].sort_index()
    if unknown.empty or not len(known):
        return
    first = present[present["label"].isin(unknown.index)].iloc[0]
    yield (
        f"the holdout has {_rows(int(unknown.sum()))} with labels that train never has: {_counted(unknown)}. "
        f"The first is row {first['row']:,} of {first['source']}. A model cannot be judged on what it was never "
        "shown: look whether the split went wrong or a label is misspelt, add such rows to train, or take these "
        "from the holdout"
    )


def _too_many_bad(checked: CheckedSplit, config: ValidationConfig) -> Iterator[str]:
    bad, total = checked.bad, len(checked.rows)
    if len(bad) <= config.max_quarantined_share * total:
        return
    first = bad.iloc[0]
    yield (
        f"{len(bad):,} of the {total:,} rows of the split {checked.split} ({len(bad) / total:.1%}) fail their checks, "
        f"and validation.max_quarantined_share allows {config.max_quarantined_share:.1%}. The commonest reasons: "
        f"{_reasons(bad)}. The first is row {first['row']:,} of {first['source']}. Mend the rows, look "
        "whether data.text_column and data.label_column name the right columns, or raise the share if these "
        "rows may be left out"
    )


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
    return ", ".join(f"{count:,} {IN_WORDS[str(name)]}" for name, count in bad["reason"].value_counts().head(3).items())
