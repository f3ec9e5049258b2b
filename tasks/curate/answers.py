"""What people answered in the labelling queue, brought into the training rows."""

from __future__ import annotations

from collections import Counter
from typing import cast

import pandas as pd

from tasks.curate.ledger import Ledger, in_order
from tasks.curate.quality.consistency import krippendorff_alpha

ANSWERS = "answers"
SOURCE = "labelling queue"


def answer_rows(answers: pd.DataFrame) -> pd.DataFrame:
    """Answers (`id`, `text`, `label`, `annotator`) as rows of a dataset; the row is the answer's place, from 1."""
    place = range(1, len(answers) + 1)
    rows = answers.reset_index(drop=True).assign(group=None, date=None, source=SOURCE, row=place)
    return rows.astype(dict.fromkeys(("text", "label", "group", "date", "source"), "str") | {"row": "int64"})


def agreement_of(ledger: Ledger) -> str:
    """How well the annotators agree on the texts that several of them answered, in words; nothing where none did."""
    answers = ledger.splits[ANSWERS]
    alpha = krippendorff_alpha(answers["key"], answers["label"])
    return "" if alpha is None else f"annotators agree with Krippendorff's alpha {alpha:.2f}"


def apply_answers(ledger: Ledger, known: tuple[str, ...]) -> None:
    """Take the split `answers` apart: each text's answer relabels the training rows with that text, or becomes one.

    The majority of a text's answers counts: the others are set aside as `outvoted`, all of them as
    `annotators_disagree` where there is no majority, and `unknown_label` where the label is not among the `known`.
    An answered text leaves the unlabelled split.
    """
    ledger.set_aside(ANSWERS, ledger.splits[ANSWERS]["key"].eq(""), "empty_text")
    ledger.set_aside(ANSWERS, ~ledger.splits[ANSWERS]["label"].isin(known), "unknown_label")
    answers = ledger.splits.pop(ANSWERS)
    winners = {str(key): _winner(rows["label"]) for key, rows in answers.groupby("key")}
    winning = answers["key"].map(winners)
    tied = winning.isna()
    outvoted = ~tied & (answers["label"] != winning)
    ledger.set_rows_aside(ANSWERS, answers[tied], "annotators_disagree")
    ledger.set_rows_aside(ANSWERS, answers[outvoted], "outvoted")
    agreed = answers[~tied & ~outvoted]
    chosen = agreed.drop_duplicates("key")
    ledger.merged[ANSWERS, "agree with another answer"] += len(agreed) - len(chosen)
    _relabel_or_add(ledger, chosen)


def _relabel_or_add(ledger: Ledger, chosen: pd.DataFrame) -> None:
    train = ledger.splits["train"]
    labels = dict(zip(chosen["key"], chosen["label"], strict=True))
    answered = train["key"].map(labels)
    train = train.assign(label=answered.where(answered.notna(), train["label"]).astype("str"))
    in_train = chosen["key"].isin(set(train["key"]))
    ledger.merged[ANSWERS, "give a training row its label"] += int(in_train.sum())
    ledger.splits["train"] = in_order(pd.concat([train, _new_rows(ledger, chosen[~in_train])], ignore_index=True))
    if "unlabelled" in ledger.splits:
        ledger.fold("unlabelled", ledger.splits["unlabelled"]["key"].isin(set(labels)), "answered by people")


def _new_rows(ledger: Ledger, chosen: pd.DataFrame) -> pd.DataFrame:
    """Answers as training rows, each with group and date of the unlabelled row that was asked, and an id of its own."""
    asked = ledger.splits.get("unlabelled", chosen.head(0)).drop_duplicates("key").set_index("key")
    taken = {name for rows in ledger.splits.values() for name in rows["id"]}
    ids = [_free_id(str(name), taken) for name in chosen["id"]]
    known = {name: chosen["key"].map(asked[name]).astype("str") for name in ("group", "date")}
    return chosen.assign(id=pd.Series(ids, index=chosen.index, dtype="str"), **known).drop(columns="annotator")


def _free_id(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    taken.add(name)
    return name


def _winner(labels: pd.Series) -> str | None:
    (label, votes), *others = Counter(labels).most_common(2)
    return cast(str, label) if not others or others[0][1] < votes else None
