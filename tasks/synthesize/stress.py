"""Stress sets: holdout rows changed as a drift to come would change them. They test a model and never train one."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from tasks.datasets.folder import COLUMNS, empty_rows, read_split
from tasks.datasets.kept_words import KEPT
from tasks.errors import UserInputError
from tasks.pii.shown_rows import shown_text
from tasks.records import DatasetRef
from tasks.synthesize.config import StressConfig
from tasks.synthesize.made import as_made, label_counts, real_rows
from tasks.synthesize.paraphrase_rules import SYNONYMS
from tasks.synthesize.reformat import reformatted
from tasks.synthesize.typos import with_typos
from tasks.synthesize.user_words import user_words, with_user_words

WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
AROUND = (
    "I have been a customer for some years now.",
    "I am writing this on my phone, so please forgive the length.",
    "A colleague suggested that I should write to you about it.",
    "I looked through the pages on your site first and found nothing that fits.",
    "It was a busy week here, so I only got round to writing today.",
    "I tried to explain this to my partner as well, but we were not sure what to do.",
    "Usually I get along fine on my own with such things.",
    "Let me know if anything is unclear in what I wrote.",
    "I have some time this afternoon and tomorrow morning.",
    "Sorry for the long message, I just want to be clear.",
    "I am not in a hurry, but I would like to know where I stand.",
    "The last time that I wrote to you everything went well.",
)
"""Sentences that say nothing about what is asked."""

Change = Callable[[str, np.random.Generator], str | None]


def stress_sets(dataset: DatasetRef, config: StressConfig) -> dict[str, pd.DataFrame]:
    """Rows with COLUMNS by the name of the drift, `made_by` `stress:<name>` and `made_from` the holdout row's id.

    Raises UserInputError where there is no holdout, or labels are re-weighted that do not exist.
    """
    holdout = real_rows(read_split(dataset, "holdout"))
    if config.sets and holdout.empty:
        raise UserInputError(
            "synthesis.stress.sets needs a holdout, from which stress sets are made: give data.holdout, or let "
            "curation hold rows out"
        )
    made: dict[str, pd.DataFrame] = {}
    for number, name in enumerate(config.sets):
        draw = np.random.default_rng([config.seed, number])
        if name == "prior_shift":
            rows = _prior_shift(holdout, config, draw)
        else:
            rows = _changed(holdout, _change_of(name, dataset, config), config.rows, dataset, draw)
        made[name] = as_made(rows.assign(made_by=f"stress:{name}")) if len(rows) else empty_rows(COLUMNS)
    return made


def _changed(
    holdout: pd.DataFrame, change: Change, most: int, dataset: DatasetRef, draw: np.random.Generator
) -> pd.DataFrame:
    """Up to `most` rows that the change suits, in the order of the holdout."""
    found: dict[int, str] = {}
    texts = holdout["text"].to_numpy(object)
    for place in draw.permutation(len(holdout)):
        if len(found) == most:
            break
        words = user_words(str(texts[place]), dataset.task)
        new = None if words is None else change(words, draw)
        if new is not None:
            found[int(place)] = with_user_words(str(texts[place]), new, dataset.task)
    rows = holdout.iloc[sorted(found)].reset_index(drop=True)
    return rows.assign(text=pd.Series([found[place] for place in sorted(found)], dtype="str"), made_from=rows["id"])


def _change_of(name: str, dataset: DatasetRef, config: StressConfig) -> Change:
    if name == "typos":
        return lambda text, draw: with_typos(text, config.typos_per_100_characters, draw)
    if name == "new_vocabulary":
        words = new_words(read_split(dataset, "train"), config.vocabulary)
        return lambda text, draw: in_new_words(text, words, draw)
    if name == "longer":
        return longer
    return lambda text, draw: reformatted(text, name, draw)


def new_words(train: pd.DataFrame, vocabulary: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """What each word may be replaced by: the user's words, and synonyms that no train row has."""
    known = {word.casefold() for text in train["text"] for word in WORD.findall(text)}
    unseen = {
        word: tuple(other for other in others if not set(other.casefold().split()) <= known)
        for word, others in SYNONYMS.items()
    }
    given = {word.casefold(): (other,) for word, other in vocabulary.items()}
    return {word: others for word, others in {**unseen, **given}.items() if others}


def in_new_words(text: str, words: dict[str, tuple[str, ...]], draw: np.random.Generator) -> str | None:
    """The text with each word replaced that has a new one; None where none has."""
    kept = [match.span() for match in KEPT.finditer(text)]

    def renewed(match: re.Match[str]) -> str:
        others = words.get(match[0].casefold())
        if others is None or any(start <= match.start() < end for start, end in kept):
            return match[0]
        other = str(draw.choice(others))
        return other[:1].upper() + other[1:] if match[0][:1].isupper() else other

    new = WORD.sub(renewed, text)
    return new if new != text else None


def longer(text: str, draw: np.random.Generator) -> str:
    """The text among four to eight sentences that say nothing about it."""
    count = int(draw.integers(4, 9))
    sentences = [AROUND[int(place)] for place in draw.permutation(len(AROUND))[:count]]
    sentences.insert(int(draw.integers(0, count + 1)), text.strip())
    return " ".join(sentences)


def _prior_shift(holdout: pd.DataFrame, config: StressConfig, draw: np.random.Generator) -> pd.DataFrame:
    """The holdout's own rows with the labels in other shares, none of them twice.

    Without given weights, shares come from a flat Dirichlet distribution (Lipton, Wang and Smola 2018, "Detecting and
    Correcting for Label Shift").
    """
    counts = label_counts(holdout[holdout["label"].notna()])
    unknown = [label for label in config.label_weights if label not in counts]
    if unknown or not counts:
        named = f"{shown_text(unknown[0])!r}, which no" if unknown else "labels, and no"
        raise UserInputError(f"synthesis.stress: prior_shift needs rows with labels, and is asked for {named} row has")
    drawn = dict(zip(counts, draw.dirichlet(np.ones(len(counts))), strict=True))
    weights = {label: float(weight) for label, weight in (config.label_weights or drawn).items()}
    whole = sum(weights.values())
    total = min(config.rows, *(int(counts[label] * whole / weight) for label, weight in weights.items() if weight))
    chosen = list[int]()
    for label, places in sorted(holdout.groupby("label", sort=True).indices.items()):
        wanted = min(len(places), round(total * weights.get(str(label), 0.0) / whole))
        chosen += [int(place) for place in draw.permutation(places)[:wanted]]
    rows = holdout.iloc[sorted(chosen)].reset_index(drop=True)
    return rows.assign(made_from=rows["id"])
