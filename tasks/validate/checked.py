"""The checked dataset: every split through its suite, failing rows set aside, and the evidence kept in any case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from tasks.datasets.folder import empty_rows, keep_dataset, lineage, read_quarantined, read_split, set_aside
from tasks.errors import DataRejected
from tasks.pii.shown_rows import write_shown_rows
from tasks.records import DatasetRef
from tasks.store import workspace
from tasks.validate.config import ValidationConfig
from tasks.validate.data_docs import write_data_docs
from tasks.validate.rules import CheckedSplit, empty_split, first_problem
from tasks.validate.suite import build_suite, reasons, run_suite
from tasks.validate.summary import summary_page

SHOWN_COLUMNS = ["split", "source", "row", "reason", "label", "text", "id", "group", "stage"]


def check_dataset(raw: DatasetRef, config: ValidationConfig) -> DatasetRef:
    """Keep the rows that meet the suite of their split, and set the others aside with the expectation's name.

    Raises DataRejected, whose `report_uri` holds Data Docs and quarantine, where the set as a whole is not fit.
    """
    splits = {split: read_split(raw, split) for split in raw.rows}
    problem = empty_split(splits)
    if problem is not None:
        unchecked = [
            CheckedSplit(split, rows, pd.Series(index=rows.index, dtype="str")) for split, rows in splits.items()
        ]
        raise _rejection(problem, _keep(raw, unchecked, {}))
    allowed = config.labels or tuple(sorted(splits["train"]["label"].dropna().unique()))
    checked, results = [], {}
    for split, rows in splits.items():
        suite = build_suite(split, allowed, config)
        results[split] = run_suite(suite, rows)
        checked.append(CheckedSplit(split, rows, reasons(suite, results[split], rows)))
    problem = first_problem(checked, allowed, config)
    dataset = _keep(raw, checked, results)
    if problem is not None:
        raise _rejection(problem, dataset)
    return dataset


def _rejection(problem: str, dataset: DatasetRef) -> DataRejected:
    return DataRejected(f"{problem}. The evidence is in {dataset.uri}/report", report_uri=dataset.uri)


def _keep(raw: DatasetRef, checked: list[CheckedSplit], results: dict[str, Any]) -> DatasetRef:
    """Store the dataset with `report/`: Data Docs, what was set aside, and a page that sums it up."""
    aside = [set_aside(one.bad, one.split, "validate", one.bad["reason"]) for one in checked]
    quarantined = pd.concat([read_quarantined(raw), *aside], ignore_index=True).astype(empty_rows().dtypes.to_dict())
    with workspace("validate") as folder:
        report = folder / "report"
        report.mkdir()
        _write_report(report, checked, results, quarantined)
        return keep_dataset(
            {one.split: one.good for one in checked},
            quarantined,
            rows_in=raw.rows_in,
            merged=raw.merged,
            origin=lineage(raw),
            report=report,
        )


def _write_report(
    report: Path, checked: list[CheckedSplit], results: dict[str, Any], quarantined: pd.DataFrame
) -> None:
    if results:
        write_data_docs(results, {one.split: len(one.rows) for one in checked}, report / "data_docs")
    write_shown_rows(quarantined[SHOWN_COLUMNS], report / "quarantine.csv")
    (report / "summary.md").write_text(summary_page(checked), encoding="utf-8")
