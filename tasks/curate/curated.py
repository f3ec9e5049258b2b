"""The curated dataset: answers brought in, personal data treated, repeats removed, rows split; no row vanishes."""

from __future__ import annotations

import pandas as pd

from tasks.curate.answers import ANSWERS, answer_rows, apply_answers
from tasks.curate.config import CurationConfig
from tasks.curate.duplicates import remove_repeats
from tasks.curate.ledger import Ledger
from tasks.curate.personal_data import masked_quarantine, treat_personal_data
from tasks.curate.report import write_report
from tasks.curate.splitting import rows_needed, split_rows
from tasks.datasets.folder import keep_dataset, lineage, read_answers, read_quarantined, read_split
from tasks.errors import DataRejected
from tasks.pii.shown_rows import shown_text
from tasks.records import Answers, DatasetRef
from tasks.store import workspace

LISTED = 10


def curate_dataset(checked: DatasetRef, answers: Answers, config: CurationConfig) -> DatasetRef:
    """Turn a checked dataset and people's answers into one with `train`, `validation` and `holdout`.

    Raises DataRejected, whose `report_uri` holds the evidence, where a label is left with too few rows to be split.
    """
    splits = {split: read_split(checked, split) for split in checked.rows}
    ledger = Ledger.of({**splits, ANSWERS: answer_rows(read_answers(answers))})
    treat_personal_data(ledger, config.pii)
    apply_answers(ledger, checked.labels)
    remove_repeats(ledger)
    problem = too_few_to_split(ledger, checked.labels)
    if problem is None:
        split_rows(ledger, config)
    dataset = _keep(ledger, checked, answers, config)
    if problem is not None:
        raise DataRejected(f"{problem}. The evidence is in {dataset.uri}/report", report_uri=dataset.uri)
    return dataset


def too_few_to_split(ledger: Ledger, labels: tuple[str, ...]) -> str | None:
    """What is wrong where a label has not a row for each split, or no holdout is left; else None."""
    if "holdout" in ledger.splits and ledger.splits["holdout"].empty:
        return "no row of the holdout is left after curation: see why in the report, and mend the holdout"
    needed = rows_needed(ledger)
    counts = ledger.splits["train"]["label"].value_counts().reindex(list(labels), fill_value=0)
    short = counts[counts < needed]
    if short.empty:
        return None
    shown = ", ".join(f"{shown_text(label)!r} ({count})" for label, count in short.head(LISTED).items())
    more = f" and {len(short) - LISTED:,} more" if len(short) > LISTED else ""
    return (
        f"after curation {len(short):,} of {len(labels):,} labels have fewer than the {needed} rows that their splits "
        f"need: {shown}{more}. See in the report which rows were merged or set aside and why; mend them, add rows of "
        "these labels, or take the labels out"
    )


def _keep(ledger: Ledger, checked: DatasetRef, answers: Answers, config: CurationConfig) -> DatasetRef:
    quarantined = masked_quarantine(ledger.quarantined(read_quarantined(checked)), config.pii)
    with workspace("curate") as folder:
        write_report(folder / "report", ledger, quarantined)
        return keep_dataset(
            _splits_in_order(ledger),
            quarantined,
            rows_in=checked.rows_in + answers.count,
            merged=checked.merged + ledger.merged.total(),
            origin={**lineage(checked), "checked": checked.digest, "answers": answers.digest},
            report=folder / "report",
        )


def _splits_in_order(ledger: Ledger) -> dict[str, pd.DataFrame]:
    names = ("train", "validation", "holdout", "unlabelled")
    return {split: ledger.splits[split] for split in names if split in ledger.splits}
