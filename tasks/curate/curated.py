"""The curated dataset: answers brought in, the six qualities seen to, rows split, the mix told; no row vanishes."""

from __future__ import annotations

from dataclasses import dataclass, field

from tasks.curate.answers import ANSWERS, agreement_of, answer_rows, apply_answers
from tasks.curate.config import CurationConfig
from tasks.curate.ledger import Ledger
from tasks.curate.measures import Measured, missed_gate
from tasks.curate.mixing import Told, tell_mix
from tasks.curate.personal_data import masked_quarantine
from tasks.curate.qualities import (
    drop_known_unlabelled,
    settle_conflicts,
    settle_form,
    settle_labels,
    settle_meaning,
    settle_personal_data,
    settle_relevance,
    settle_repeats,
)
from tasks.curate.quality.alignment import LabelErrors
from tasks.curate.report import write_report
from tasks.curate.row_pass import RowRules, pass_splits
from tasks.curate.splitting import rows_needed, split_rows
from tasks.curate.vectors import Vectors, embed_splits
from tasks.datasets.folder import (
    SPLITS,
    keep_dataset,
    lineage,
    read_answers,
    read_quarantined,
    read_split,
    read_test_sets,
)
from tasks.errors import DataRejected
from tasks.pii.shown_rows import shown_text, write_shown_rows
from tasks.records import Answers, DatasetRef
from tasks.store import workspace

LISTED = 10


@dataclass
class Curation:
    """A curation on its way: the rows, the measures so far, the mix, and what stops it, if anything does."""

    ledger: Ledger
    measures: list[Measured] = field(default_factory=list)
    label_errors: LabelErrors | None = None
    told: Told | None = None
    problem: str | None = None


def curate_dataset(checked: DatasetRef, answers: Answers, config: CurationConfig) -> DatasetRef:
    """Turn a checked dataset and people's answers into one with `train`, `validation` and `holdout`.

    Raises DataRejected, whose `report_uri` holds the evidence, where a label is left with too few rows to be split, or
    a quality is below its gate; UserInputError for a target mix that cannot be reached.
    """
    splits = {split: read_split(checked, split) for split in checked.rows}
    given = {ANSWERS: answer_rows(read_answers(answers))} if answers.count else {}
    curation = Curation(Ledger.of({**splits, **given}))
    vectors = _settle(curation, checked, config)
    curation.problem = missed_gate(curation.measures) or too_few_to_split(curation.ledger, checked.labels)
    if curation.problem is None:
        split_rows(curation.ledger, config)
        curation.told = tell_mix(curation.ledger, checked.task, config, vectors, set(checked.rows))
    drop_known_unlabelled(curation.ledger)  # not before the mix is told, where every repeat is traffic
    dataset = _keep(curation, checked, answers, config)
    if curation.problem is not None:
        raise DataRejected(f"{curation.problem}. The evidence is in {dataset.uri}/report", report_uri=dataset.uri)
    return dataset


def _settle(curation: Curation, checked: DatasetRef, config: CurationConfig) -> Vectors | None:
    """The six qualities, each on what the ones before it left; the embeddings of the rows come back."""
    ledger = curation.ledger
    rules = RowRules(checked.task, config.compliance, config.formatting, signed=config.uniqueness.near is not None)
    passed = pass_splits(ledger.splits, rules, config.executor)
    ledger.splits = {split: one.rows for split, one in passed.items()}
    compliance = settle_personal_data(ledger, passed, config.compliance)
    formatting = settle_form(ledger, config.formatting)
    agreement = ""
    if ANSWERS in ledger.splits:
        agreement = agreement_of(ledger)
        apply_answers(ledger, checked.labels)
    consistency = settle_conflicts(ledger, checked.task, config.consistency, agreement)
    uniqueness = settle_repeats(ledger, config.uniqueness, read_test_sets(checked))
    vectors = embed_splits(ledger, checked.task, config)
    uniqueness = settle_meaning(ledger, config.uniqueness, vectors, uniqueness)
    relevance = settle_relevance(ledger, config.relevance, vectors)
    alignment, curation.label_errors = settle_labels(ledger, config.alignment, vectors)
    curation.measures = [relevance, alignment, consistency, formatting, uniqueness, compliance]
    return vectors


def too_few_to_split(ledger: Ledger, labels: tuple[str, ...]) -> str | None:
    """What is wrong where a label has not a row for each split, or a split is empty; else None."""
    for split in ledger.there("holdout", "validation"):
        if ledger.splits[split].empty:
            return f"no row of the {split} is left after curation: see why in the report, and mend the {split}"
    needed = rows_needed(ledger)
    if not labels:
        return "no training row is left after curation: see why in the report" if ledger.splits["train"].empty else None
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


def _keep(curation: Curation, checked: DatasetRef, answers: Answers, config: CurationConfig) -> DatasetRef:
    ledger, told = curation.ledger, curation.told
    quarantined = masked_quarantine(ledger.quarantined(read_quarantined(checked)), config.compliance)
    with workspace("curate") as folder:
        report = folder / "report"
        report.mkdir()
        if curation.label_errors is not None:
            write_shown_rows(curation.label_errors.evidence, report / "label_errors.csv")
        write_report(report, ledger, quarantined, curation.measures, told.page(report) if told else "")
        return keep_dataset(
            {split: ledger.splits[split] for split in SPLITS if split in ledger.splits},
            quarantined,
            rows_in=checked.rows_in + answers.count,
            merged=checked.merged + ledger.merged.total(),
            origin={**lineage(checked), "checked": checked.digest, "answers": answers.digest},
            report=report,
            task=checked.task,
            weights=told.weights if told else None,
            qualities={one.quality: one.value for one in curation.measures if one.value is not None},
        )
