"""Accuracy under typos that nobody meant: words of a text, drawn at random, each with one slip of the keyboard."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tasks.evaluate.classifier.answers import Classifier
from tasks.evaluate.classifier.robustness.characters import TYPOS, can_slip
from tasks.evaluate.classifier.robustness.search import WORD
from tasks.metrics.calibration import Floats, Integers


def with_typos(text: str, rate: float, draw: np.random.Generator) -> str:
    """The text with one slip in each word of four letters or more that chance picks, with a probability of `rate`."""
    parts, end = [], 0
    for match in WORD.finditer(text):
        word = match.group()
        if can_slip(word) and draw.random() < rate:
            edit = TYPOS[int(draw.integers(len(TYPOS)))]
            parts += [text[end : match.start()], edit(word, int(draw.integers(1, len(word) - 1)), draw)]
            end = match.end()
    return "".join([*parts, text[end:]])


def right_with_typos(
    classifier: Classifier, texts: Sequence[str], labels: Integers, rate: float, draws: int, seed: int
) -> Floats:
    """Share of the draws in which each text, with typos, is answered rightly; of shape (texts,).

    `labels` are indices of the classifier's labels, or -1 for one that it does not know and so cannot get right.
    """
    right = np.zeros(len(texts))
    for number in range(draws):
        draw = np.random.default_rng([seed, number])
        logits = classifier.logits([with_typos(text, rate, draw) for text in texts])
        right += logits.argmax(axis=1) == labels
    return right / draws
