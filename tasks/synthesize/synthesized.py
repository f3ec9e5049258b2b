"""The synthesised dataset: made rows in the train split, under the cap, checked; the other splits as they were."""

from __future__ import annotations

import pandas as pd

from tasks.datasets.folder import (
    COLUMNS,
    empty_rows,
    keep_dataset,
    lineage,
    read_quarantined,
    read_split,
    read_test_sets,
)
from tasks.errors import UserInputError
from tasks.records import DatasetRef
from tasks.store import fetch, workspace
from tasks.synthesize.amounts import planned, refuse_unfit, room_under_cap
from tasks.synthesize.config import StandInsMaker, SynthesisConfig
from tasks.synthesize.copies import Existing
from tasks.synthesize.imitation import imitation_check
from tasks.synthesize.label_check import remove_drifted
from tasks.synthesize.made import Made, label_counts, real_rows
from tasks.synthesize.makers import AddingMaker, make_rows
from tasks.synthesize.reading import Reader, open_reader, sampled
from tasks.synthesize.report import Findings, write_report
from tasks.synthesize.stand_ins import make_stand_ins, private_rows, without_texts
from tasks.synthesize.stress import stress_sets

SEED = 17


def synthesize_dataset(dataset: DatasetRef, config: SynthesisConfig) -> DatasetRef:
    """A dataset with synthetic rows in `train` and stress sets; the same record where the config asks for neither."""
    if not config.makers and not config.stress.sets:
        return dataset
    splits = {split: read_split(dataset, split) for split in dataset.rows}
    train = splits.get("train", empty_rows(COLUMNS))
    findings = Findings(before=train, after=train, cap=config.max_synthetic_share)
    gone = _replace_private(splits, config, findings)
    _add_rows(splits, dataset, config, findings)
    findings.stress = {**_stress_there(dataset), **stress_sets(dataset, config.stress)}
    quarantined = pd.concat([read_quarantined(dataset), without_texts(gone)], ignore_index=True)
    with workspace("synthesize") as folder:
        write_report(folder / "report", findings)
        return keep_dataset(
            {**splits, "train": findings.after},
            quarantined if len(gone) else read_quarantined(dataset),
            rows_in=dataset.rows_in,
            merged=dataset.merged,
            origin={**lineage(dataset), "synthesized_from": dataset.digest},
            report=folder / "report",
            task=dataset.task,
            made=dataset.made + len(findings.after) + len(gone) - len(train),
            test_sets=read_test_sets(dataset),
            stress=findings.stress,
            weights=_weights(dataset, findings.after),
            qualities=dataset.qualities,
        )


def _replace_private(splits: dict[str, pd.DataFrame], config: SynthesisConfig, findings: Findings) -> pd.DataFrame:
    """Let stand-ins take the place of private train rows; the rows that left."""
    maker = next((maker for maker in config.makers if isinstance(maker, StandInsMaker)), None)
    if maker is None:
        return findings.before.iloc[:0]
    gone = private_rows(findings.before, maker)
    left = findings.before.drop(index=gone.index).reset_index(drop=True)
    made = make_stand_ins(gone, maker, _existing(left, splits))
    findings.made.append(made)
    findings.after = pd.concat([left, made.rows], ignore_index=True)
    if findings.synthetic_share > config.max_synthetic_share:
        raise UserInputError(
            f"{len(gone):,} of {len(findings.before):,} train rows hold personal data, so that their stand-ins would "
            f"bring the synthetic share to {findings.synthetic_share:.1%}, above synthesis.max_synthetic_share "
            f"({config.max_synthetic_share:.0%}): raise it, or mask these rows with "
            "curation.compliance instead of replacing them"
        )
    return gone


def _add_rows(
    splits: dict[str, pd.DataFrame], dataset: DatasetRef, config: SynthesisConfig, findings: Findings
) -> None:
    """Make the other makers' rows, check them, and add them to the train rows."""
    makers: list[AddingMaker] = [maker for maker in config.makers if not isinstance(maker, StandInsMaker)]
    if not makers:
        return
    train, parents = findings.after, real_rows(findings.after).reset_index(drop=True)
    real, present = label_counts(parents), label_counts(train)
    refuse_unfit(makers, list(real), dataset.task)
    room = room_under_cap(len(parents), len(train) - len(parents), config.max_synthetic_share)
    plans, wishes = planned(makers, real, present, room), planned(makers, real, present, 10**12)
    wished, granted = (sum(sum(plan.values()) for plan in all_plans) for all_plans in (wishes, plans))
    if granted < wished:
        findings.remarks.append(
            f"{wished:,} rows were asked for, and {granted:,} are as many as max_synthetic_share "
            f"({config.max_synthetic_share:.0%}) leaves room for: all makers were scaled down alike"
        )
    existing, unlabelled = _existing(train, splits), real_rows(splits.get("unlabelled", empty_rows(COLUMNS)))
    made = [
        make_rows(maker, parents, unlabelled, plan, existing, task=dataset.task)
        for maker, plan in zip(makers, plans, strict=True)
    ]
    findings.made += made
    if dataset.task == "classification":
        _check(made, parents, splits, config, findings)
    elif config.check_labels or config.check_imitation:
        findings.remarks.append(
            f"These are {dataset.task} rows, which have no labels: neither label drift nor imitation was measured"
        )
    findings.after = pd.concat([train, *(each.rows for each in made)], ignore_index=True)


def _check(
    made: list[Made],
    parents: pd.DataFrame,
    splits: dict[str, pd.DataFrame],
    config: SynthesisConfig,
    findings: Findings,
) -> None:
    if not (config.check_labels or config.check_imitation) or not sum(len(each.rows) for each in made):
        return
    reader = open_reader(parents, config.embedding_model, config.max_embedded_rows, SEED)
    # All texts in one go, so that the encoder is loaded once: what has been embedded is kept.
    reader.embed([str(text) for each in made for text in each.rows["text"]])
    if config.check_labels:
        for each in made:
            remove_drifted(each, parents, reader)
    if config.check_imitation:
        _check_imitation(made, splits, config, findings, reader)


def _check_imitation(
    made: list[Made], splits: dict[str, pd.DataFrame], config: SynthesisConfig, findings: Findings, reader: Reader
) -> None:
    rows = sampled(pd.concat([each.rows for each in made], ignore_index=True), reader.share_read, SEED)
    validation = splits.get("validation", empty_rows(COLUMNS))
    validation = validation[validation["label"].isin(reader.labels)]
    if len(rows) and len(validation):
        origins = [origin if isinstance(origin, str) else None for origin in rows["made_from"]]
        findings.imitation = imitation_check(
            reader.real,
            reader.seen(rows),
            origins,
            reader.seen(validation),
            fit=reader.fit,
            confidence=config.confidence,
            seed=SEED,
        )
    else:
        findings.remarks.append("Whether the rows help on real rows was not measured: there are no validation rows")
    proven = findings.imitation is not None and findings.imitation.finding == "real_gain"
    if config.require_real_gain and not proven:
        for each in made:
            each.refused["no_real_gain"] += len(each.rows)
            each.rows = each.rows.iloc[:0]
        findings.remarks.append(
            "The synthetic rows were taken out again, since require_real_gain asks for a gain on real rows above chance"
        )


def _existing(train: pd.DataFrame, splits: dict[str, pd.DataFrame]) -> Existing:
    """What no made row may repeat."""
    answers = [answer if isinstance(answer, str) else None for answer in train["answer"]]
    holdout, validation = (splits.get(split, empty_rows(COLUMNS))["text"] for split in ("holdout", "validation"))
    return Existing(zip(train["text"], answers, strict=True), holdout.dropna(), validation.dropna())


def _stress_there(dataset: DatasetRef) -> dict[str, pd.DataFrame]:
    """The stress sets that the dataset has already."""
    paths = sorted((fetch(dataset) / "stress").glob("*.parquet"))
    return {path.stem: pd.read_parquet(path) for path in paths}


def _weights(dataset: DatasetRef, train: pd.DataFrame) -> pd.DataFrame | None:
    """How much each train row counts, where curation has said so; a made row counts 1."""
    path = fetch(dataset) / "weights.parquet"
    if not path.is_file():
        return None
    weights = pd.read_parquet(path)
    return weights[weights["id"].isin(train["id"])].reset_index(drop=True)
