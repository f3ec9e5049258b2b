"""The checked dataset: every split through its suite, failing rows set aside, and the evidence kept in any case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tasks.datasets.folder import (
    empty_rows,
    keep_dataset,
    lineage,
    read_quarantined,
    read_split,
    read_test_sets,
    set_aside,
)
from tasks.errors import DataRejected
from tasks.pii.shown_rows import write_shown_rows
from tasks.records import DatasetRef
from tasks.store import workspace
from tasks.validate.agreement import differences
from tasks.validate.checked_set import CheckedSet, CheckedSplit
from tasks.validate.checks import Check, built_in_checks, refuse_labels_without_classes
from tasks.validate.config import ValidationConfig
from tasks.validate.data_docs import write_data_docs
from tasks.validate.own_expectations import own_checks
from tasks.validate.rules import empty_split, first_problem
from tasks.validate.suite import first_reasons, run_checks
from tasks.validate.summary import summary_page

SHOWN_COLUMNS = ["split", "source", "row", "reason", "expectation", "label", "text", "id", "group", "stage"]
ANSWER_COLUMNS = ["answer", "rejected"]
ROWS_SHOWN = 10_000
"""More rows than this a person does not read; `quarantined.parquet` holds every one."""


def check_dataset(raw: DatasetRef, config: ValidationConfig) -> DatasetRef:
    """Keep the rows that meet the suite of their split, and set the others aside under a short reason.

    Raises UserInputError for an expectation of the user's that cannot be checked, and DataRejected, whose `report_uri`
    holds Data Docs and quarantine, where the set as a whole is not fit.
    """
    refuse_labels_without_classes(raw.task, config)
    own = own_checks(config)
    splits = {split: read_split(raw, split) for split in raw.rows}
    problem = empty_split(splits)
    if problem is not None:
        raise _rejection(problem, _keep(raw, _unchecked(raw, splits), config))
    allowed = config.labels or tuple(sorted(splits["train"]["label"].dropna().unique()))
    checked = []
    for split, rows in splits.items():
        built_in = built_in_checks(raw.task, split, allowed, config)
        checked.append(_checked_split(split, rows, [*built_in, *(one for one in own if split in one.splits)]))
    together = CheckedSet(raw.task, checked, allowed, differences(splits))
    problem = first_problem(together, config)
    dataset = _keep(raw, together, config)
    if problem is not None:
        raise _rejection(problem, dataset)
    return dataset


def _checked_split(split: str, rows: pd.DataFrame, checks: Sequence[Check]) -> CheckedSplit:
    outcomes = run_checks(checks, rows, split)
    return CheckedSplit(split, rows, first_reasons(outcomes, rows), outcomes)


def _unchecked(raw: DatasetRef, splits: dict[str, pd.DataFrame]) -> CheckedSet:
    nothing = {split: pd.Series(index=rows.index, dtype="str") for split, rows in splits.items()}
    checked = [CheckedSplit(split, rows, nothing[split]) for split, rows in splits.items()]
    return CheckedSet(raw.task, checked)


def _rejection(problem: str, dataset: DatasetRef) -> DataRejected:
    return DataRejected(f"{problem}. The evidence is in {dataset.uri}/report", report_uri=dataset.uri)


def _keep(raw: DatasetRef, checked: CheckedSet, config: ValidationConfig) -> DatasetRef:
    """Store the dataset with `report/`: Data Docs, what was set aside, and a page that sums it up."""
    aside = [set_aside(one.bad, one.split, "validate", one.bad["reason"]) for one in checked.splits]
    quarantined = pd.concat([read_quarantined(raw), *aside], ignore_index=True).astype(empty_rows().dtypes.to_dict())
    with workspace("validate") as folder:
        report = folder / "report"
        report.mkdir()
        _write_report(report, checked, config, quarantined)
        return keep_dataset(
            {one.split: one.good for one in checked.splits},
            quarantined,
            rows_in=raw.rows_in,
            merged=raw.merged,
            made=raw.made,
            task=raw.task,
            origin=lineage(raw),
            report=report,
            test_sets=read_test_sets(raw),
        )


def _write_report(report: Path, checked: CheckedSet, config: ValidationConfig, quarantined: pd.DataFrame) -> None:
    (report / "summary.md").write_text(
        summary_page(checked, config.max_difference, min(len(quarantined), ROWS_SHOWN)), encoding="utf-8"
    )
    names = {outcome.check.reason: outcome.check.name for one in checked.splits for outcome in one.outcomes}
    shown = quarantined.head(ROWS_SHOWN)
    named = shown["reason"].where(shown["stage"] == "validate").map(names)
    columns = SHOWN_COLUMNS if checked.task == "classification" else [*SHOWN_COLUMNS, *ANSWER_COLUMNS]
    write_shown_rows(shown.assign(expectation=named)[columns], report / "quarantine.csv")
    if any(one.outcomes for one in checked.splits):
        write_data_docs(checked.splits, report / "data_docs")
