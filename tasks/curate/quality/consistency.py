"""The quality `consistency`: rows that contradict one another, and how well annotators agree.

Two rows contradict one another where they give the same thing different verdicts. The thing and the verdict are, for
classification, a text (with its near duplicates) and its label; for instructions and chats a prompt and its answer,
where all answers to that prompt are so short that they look like a choice and not like a wording; for preferences a
prompt with two answers, and which of them is the better one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import Field

from tasks.curate.normal_form import normal_form
from tasks.curate.quality.near_duplicates import groups_from_signatures
from tasks.curate.quality.signed_rows import TEXT_SIGNATURE, plain_texts, signatures_of
from tasks.records import TaskKind
from tasks.section import Section

WORDS = {
    "classification": ("minority_label", "conflicting_labels"),
    "instruction": ("minority_answer", "conflicting_answers"),
    "chat": ("minority_answer", "conflicting_answers"),
    "preference": ("minority_preference", "conflicting_preferences"),
}
"""The reasons by task: for a row against a clear majority, and for one without such a majority."""


class Consistency(Section):
    """When rows contradict one another, and which of them is believed."""

    remove: bool = True
    """Set aside the rows that a majority speaks against, or all where there is none; else they are only reported."""
    min: float | None = Field(default=None, ge=0, le=1)
    """Stop the run where a smaller share of the rows is free of contradiction; null for no limit."""
    similarity: float | None = Field(default=0.9, ge=0.5, le=1)
    """Share of their runs of five characters at which two texts should have one label; null: only the same text."""
    majority: float = Field(default=0.66, gt=0.5, le=1)
    """Share of the rows on one text that must agree for the others to be the ones in error."""
    short_answer_words: int = Field(default=3, ge=0)
    """Answers of at most so many words to one prompt contradict one another where they differ; 0: never."""


@dataclass(frozen=True)
class Conflicts:
    """The rows that contradict others."""

    reasons: pd.Series
    """Why a row should leave, null where it may stay (also for the majority of a conflict)."""
    in_conflict: int
    """Rows on things with more than one verdict, the majority among them."""
    measure: float
    """1 - rows in conflict / rows; 1 without rows."""


def find_conflicts(rows: pd.DataFrame, task: TaskKind, settings: Consistency) -> Conflicts:
    """Where rows contradict one another: the minority where the majority is clear, else all of them."""
    verdicts = _verdicts(rows, task, settings)
    counts = verdicts.groupby(["thing", "verdict"], sort=True).size().rename("votes").reset_index()
    by_thing = counts.groupby("thing")["votes"]
    counts = counts.assign(share=counts["votes"] / by_thing.transform("sum"), kinds=by_thing.transform("size"))
    judged = verdicts.reset_index(names="place").merge(counts, on=["thing", "verdict"], how="left").set_index("place")
    contested = judged["kinds"] > 1
    winning = judged["share"] >= settings.majority
    decided = judged["thing"].isin(judged.loc[winning, "thing"])
    minority, undecided = WORDS[task]
    reasons = pd.Series(None, index=pd.RangeIndex(len(rows)), dtype="str")
    reasons[judged.index[contested & decided & ~winning]] = minority
    reasons[judged.index[contested & ~decided]] = undecided
    share = float(contested.sum()) / len(rows) if len(rows) else 0.0
    return Conflicts(reasons.set_axis(rows.index), int(contested.sum()), 1 - share)


def krippendorff_alpha(items: pd.Series, verdicts: pd.Series) -> float | None:
    """Krippendorff's alpha for nominal verdicts: 1 for full agreement, 0 for what chance would give, less for worse.

    Each place of the two series is one verdict on one item; nulls and items with a single verdict do not count. None
    where nothing can be compared, and where all verdicts are the same one. The formula: 1 - D_observed / D_expected
    from the matrix of coincidences (Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011, part C).
    """
    table = pd.DataFrame({"item": items.to_numpy(), "verdict": verdicts.to_numpy()}).dropna()
    table = table[table.groupby("item")["item"].transform("size") > 1]
    on_item = table.groupby("item").size()
    same = (table.groupby(["item", "verdict"]).size() ** 2).groupby("item").sum()
    disagreeing = float(((on_item**2 - same) / (on_item - 1)).sum())
    expected = (len(table) ** 2 - float((table["verdict"].value_counts() ** 2).sum())) / max(len(table) - 1, 1)
    return 1 - disagreeing / expected if expected else None


def _verdicts(rows: pd.DataFrame, task: TaskKind, settings: Consistency) -> pd.DataFrame:
    """`thing` and `verdict` of the rows that have both, by their place from 0."""
    if task == "classification":
        return _labels(rows, settings.similarity)
    prompts = _forms(rows["text"])
    answers = _forms(rows["answer"])
    if task == "preference":
        return _preferences(prompts, answers, _forms(rows["rejected"]))
    again = prompts.duplicated(keep=False) & answers.notna()
    words = answers[again].str.count(" ") + 1
    longest = words.groupby(prompts[again]).transform("max")
    chosen = longest.index[longest <= settings.short_answer_words]
    return pd.DataFrame({"thing": prompts[chosen], "verdict": answers[chosen]})


def _labels(rows: pd.DataFrame, similarity: float | None) -> pd.DataFrame:
    places = np.flatnonzero(rows["label"].notna())
    judged = rows.iloc[places]
    if similarity is None:
        things = pd.factorize(_forms(judged["text"]))[0]
    else:
        texts = plain_texts(judged["text"])
        things = groups_from_signatures(signatures_of(judged, TEXT_SIGNATURE, texts), texts, similarity)
    return pd.DataFrame({"thing": things, "verdict": rows["label"].iloc[places].to_numpy()}, index=places)


def _preferences(prompts: pd.Series, answers: pd.Series, rejected: pd.Series) -> pd.DataFrame:
    ordered = answers < rejected
    pair = pd.DataFrame(
        {"prompt": prompts, "one": answers.where(ordered, rejected), "two": rejected.where(ordered, answers)}
    )
    chosen = answers.notna() & rejected.notna() & (answers != rejected)
    return pd.DataFrame({"thing": pair[chosen].groupby(list(pair)).ngroup(), "verdict": ordered[chosen].astype("str")})


def _forms(texts: pd.Series) -> pd.Series:
    forms = [normal_form(text) if isinstance(text, str) else None for text in texts]
    return pd.Series(forms, index=pd.RangeIndex(len(forms)), dtype="str")
