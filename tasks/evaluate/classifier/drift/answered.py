"""Shifts of the texts themselves: rows are changed, and the model answers them again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from tasks.evaluate.classifier.answers import Answers, Classifier
from tasks.evaluate.classifier.drift.config import DriftConfig
from tasks.evaluate.classifier.drift.new_words import NewWords, in_new_words
from tasks.evaluate.classifier.drift.style import in_another_style
from tasks.evaluate.classifier.subject import Subject
from tasks.metrics.calibration import Integers

TextShift = Callable[[str, float, np.random.Generator], str]
"""A text at a strength from 0 to 1; what is random in it comes from the generator."""


def text_shifts(subject: Subject, config: DriftConfig) -> dict[str, TextShift]:
    """The shifts of texts by name. New words are new to the train split, if the dataset has one."""
    words = NewWords(_texts(subject.dataset_folder / "train.parquet"))
    return {
        "new_words": lambda text, strength, draw: in_new_words(text, strength * config.most_new_words, words, draw),
        "style_shift": in_another_style,
    }


def shifted(texts: list[str], shift: TextShift, strength: float, seed: int) -> list[str]:
    """Each text shifted. A text's draw is its own and the same at every strength, so that shifts grow."""
    return [shift(text, strength, np.random.default_rng([seed, place])) for place, text in enumerate(texts)]


def answered_again(
    classifier: Classifier, answers: Answers, places: Integers, before: list[str], now: list[str]
) -> Integers:
    """Index in `answers.names` of the label predicted for each text; one that did not change is not asked again."""
    predicted = answers.predicted[places].copy()
    changed = np.flatnonzero([old != new for old, new in zip(before, now, strict=True)])
    if len(changed):
        position = {name: index for index, name in enumerate(answers.names)}
        known = np.array([position[name] for name in classifier.labels], dtype=np.int64)
        predicted[changed] = known[classifier.logits([now[place] for place in changed]).argmax(axis=1)]
    return predicted


def drawn_rows(rows: int, config: DriftConfig, seed: int) -> Integers:
    """Places of the rows that are answered again, in order."""
    places: Integers = np.sort(np.random.default_rng(seed).permutation(rows)[: config.rows])
    return places


def _texts(path: Path) -> list[str]:
    return pd.read_parquet(path, columns=["text"])["text"].dropna().astype(str).tolist() if path.is_file() else []
