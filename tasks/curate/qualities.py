"""The six qualities applied to the ledger, one after the other: rows move, and each gives its measure.

What a room flags leaves only where its section says `remove`; else it is only measured. What is judged on (the holdout,
and a validation split that the data brings) is cleaned of broken rows, contradictions and repeats, and no room that
asks a model's opinion touches it.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tasks.curate.ledger import Ledger
from tasks.curate.measures import Measured, Tally
from tasks.curate.quality.alignment import Alignment, LabelErrors, flag_alignment
from tasks.curate.quality.compliance import Compliance
from tasks.curate.quality.consistency import Consistency, find_conflicts
from tasks.curate.quality.formatting import Formatting
from tasks.curate.quality.relevance import Relevance, flag_relevance
from tasks.curate.quality.signed_rows import SIGNATURES
from tasks.curate.quality.uniqueness import (
    Uniqueness,
    flag_duplicates,
    flag_near_split,
    flag_test_sets,
)
from tasks.curate.row_pass import FAULT, KEY, PII, Passed
from tasks.curate.vectors import Vectors
from tasks.records import TaskKind

JUDGED_ON = ("holdout", "validation")
NOT_EMBEDDED = "nothing was embedded"
SAME = [KEY, "label", "answer", "rejected"]
"""What two rows share that are the same row."""


def settle_personal_data(ledger: Ledger, passed: Mapping[str, Passed], settings: Compliance) -> Measured:
    """Compliance: what the pass over the rows masked is counted, and rows to be dropped are set aside."""
    tally, drop = Tally("compliance", settings.min), settings.treatment == "drop"
    for split, one in passed.items():
        held = ledger.take(split, PII)
        tally.looked_at += len(held)
        tally.add(int(held.notna().sum()), removed=drop)
        if drop:
            ledger.set_aside(split, held.notna(), "pii")
        elif settings.treatment != "keep":
            ledger.masked.update(one.found)
    return tally.measured()


def settle_form(ledger: Ledger, settings: Formatting) -> Measured:
    """Formatting: rows whose form is broken, in every split."""
    tally = Tally("formatting", settings.min)
    for split in list(ledger.splits):
        fault = ledger.take(split, FAULT)
        tally.looked_at += len(fault)
        tally.add(ledger.flag(split, fault, settings.remove), settings.remove)
    return tally.measured()


def settle_conflicts(ledger: Ledger, task: TaskKind, settings: Consistency, note: str = "") -> Measured:
    """Consistency, in what is learned from and in what is judged on, each by itself."""
    tally = Tally("consistency", settings.min, note=note)
    # In a holdout no majority is believed, and nearly the same is not the same.
    strict = settings.model_copy(update={"similarity": None, "majority": 1.0})
    for split in ledger.there("train", *JUDGED_ON):
        rows = ledger.splits[split]
        found = find_conflicts(rows, task, settings if split == "train" else strict)
        tally.looked_at += len(rows)
        tally.flagged += found.in_conflict
        count = ledger.flag(split, found.reasons, settings.remove)
        tally.removed += count if settings.remove else 0
    return tally.measured()


def settle_repeats(ledger: Ledger, settings: Uniqueness, test_sets: Mapping[str, pd.Series]) -> Measured:
    """Uniqueness: repeats, exact and near, and training rows that a holdout or a public test set has too."""
    tally, remove = Tally("uniqueness", settings.min), settings.remove
    tally.looked_at = sum(len(ledger.splits[split]) for split in ledger.there("train", *JUDGED_ON))
    for split in ledger.there(*JUDGED_ON):
        tally.add(ledger.fold(split, ledger.splits[split].duplicated(SAME), "repeat another row", remove), remove)
    for split in ledger.there(*JUDGED_ON):
        train = ledger.splits["train"]
        leaked = pd.Series(f"in_{split}", index=train.index, dtype="str").where(train[KEY].isin(ledger.keys(split)))
        near = flag_near_split(train, ledger.splits[split], settings, split)
        tally.add(ledger.flag("train", leaked.fillna(near), remove), remove)
    tally.add(ledger.flag("train", flag_test_sets(ledger.splits["train"], settings, test_sets), remove), remove)
    tally.add(ledger.fold("train", ledger.splits["train"].duplicated(SAME), "repeat another row", remove), remove)
    near = flag_duplicates(ledger.splits["train"], settings)["reason"].notna()
    tally.add(ledger.fold("train", near, "nearly repeat another row", remove), remove)
    ledger.drop(*SIGNATURES)
    return tally.measured()


def settle_meaning(ledger: Ledger, settings: Uniqueness, vectors: Vectors | None, uniqueness: Measured) -> Measured:
    """Uniqueness again, once embeddings are there: training rows that say the same in other words."""
    if settings.semantic is None or vectors is None:
        return uniqueness
    places, matrix = vectors.places(ledger.splits["train"])
    only_semantic = settings.model_copy(update={"near": None})
    same = flag_duplicates(ledger.splits["train"], only_semantic, matrix, places)["reason"].notna()
    found = ledger.fold("train", same, "say the same as another row", settings.remove)
    return uniqueness.plus(found, found if settings.remove else 0)


def settle_relevance(ledger: Ledger, settings: Relevance, vectors: Vectors | None) -> Measured:
    """Relevance: training rows that say nothing, or are far from every other row and from the holdout."""
    if vectors is None:
        return Measured("relevance", 0, 0, 0, settings.min, NOT_EMBEDDED)
    rows = vectors.known(ledger.splits["train"])
    tally = Tally("relevance", settings.min, looked_at=len(rows), note=_of_sample(rows, ledger))
    held_out = ledger.splits.get("holdout")
    holdout = None if held_out is None else vectors.of(vectors.known(held_out))
    reasons = flag_relevance(rows, vectors.of(rows), settings, holdout)
    tally.add(ledger.flag("train", reasons, settings.remove), settings.remove)
    return tally.measured()


def settle_labels(ledger: Ledger, settings: Alignment, vectors: Vectors | None) -> tuple[Measured, LabelErrors | None]:
    """Alignment: training rows whose label the other rows confidently contradict, and the evidence."""
    if vectors is None:
        return Measured("alignment", 0, 0, 0, settings.min, NOT_EMBEDDED), None
    rows = vectors.known(ledger.splits["train"])
    found = flag_alignment(rows, vectors.of(rows), settings)
    few = f"{len(found.too_few):,} labels have too few rows to be judged" if found.too_few else ""
    note = "; ".join(words for words in (_of_sample(rows, ledger), few) if words)
    tally = Tally("alignment", settings.min, looked_at=found.judged, note=note)
    tally.add(ledger.flag("train", found.reasons, settings.remove), settings.remove)
    return tally.measured(), found


def _of_sample(rows: pd.DataFrame, ledger: Ledger) -> str:
    """That only a sample of the training rows was looked at, where that is so; called before any of them leaves."""
    train = len(ledger.splits["train"])
    return f"a sample of {train:,} rows" if len(rows) < train else ""


def drop_known_unlabelled(ledger: Ledger) -> None:
    """Unlabelled rows that repeat a labelled one, or one another, need no question."""
    if "unlabelled" in ledger.splits:
        known = ledger.splits["unlabelled"][KEY].isin(ledger.keys("train", *JUDGED_ON))
        ledger.fold("unlabelled", known, "repeat a labelled row")
        ledger.fold("unlabelled", ledger.splits["unlabelled"][KEY].duplicated(), "repeat another row")
