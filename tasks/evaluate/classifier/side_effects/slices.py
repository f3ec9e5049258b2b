"""The slices of a holdout in which a model may have got worse: labels, groups, sources, lengths, kinds of text.

Slices follow from the rows and the training labels alone and never from a model's answers, so that two models are
compared on the same ones, and neither on what it happened to find hard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.evaluate.classifier.side_effects.config import SideEffectsConfig
from tasks.evaluate.classifier.subject import Subject

Members = npt.NDArray[np.bool_]

# A sign of a script without blanks counts as a word.
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+")
QUARTERS = ("shortest quarter", "second quarter", "third quarter", "longest quarter")
DIGIT, NOT_ASCII, QUESTION = re.compile(r"\d"), re.compile(r"[^\x00-\x7f]"), re.compile(r"[?\uff1f\u061f]")


def slices_of(holdout: pd.DataFrame, training_labels: pd.Series, smallest: int) -> pd.DataFrame:
    """A row each in the holdout's order: `id`, and whether the row is in each slice, a column a slice.

    `training_labels` are those of the train split, by which labels are rare. A slice of fewer than `smallest` rows, of
    all rows, or of the same rows as one before it is left out.
    """
    columns: dict[str, Members] = {}
    seen: set[bytes] = set()
    for name, members in _candidates(holdout, training_labels):
        rows, content = int(members.sum()), members.tobytes()
        if smallest <= rows < len(members) and content not in seen:
            columns[name] = members
            seen.add(content)
    ids = holdout["id"].astype(str).reset_index(drop=True)
    return pd.concat([ids, pd.DataFrame(columns, index=ids.index)], axis=1)


def slices_for(subject: Subject, config: SideEffectsConfig) -> pd.DataFrame:
    """The slices of the holdout that a model is measured on; labels are rare by its dataset's train split, if any."""
    path = subject.dataset_folder / "train.parquet"
    labels = pd.read_parquet(path, columns=["label"])["label"] if path.is_file() else pd.Series(dtype=object)
    return slices_of(subject.holdout, labels, config.smallest_slice)


def _candidates(holdout: pd.DataFrame, training_labels: pd.Series) -> Iterator[tuple[str, Members]]:
    for column in ("label", "group", "source"):
        given = holdout[column].notna().to_numpy(dtype=bool)
        codes, names = pd.factorize(holdout[column].astype(str), sort=True)
        for code, name in enumerate(names):
            yield f"{column}: {name}", (codes == code) & given
    yield from _by_length(holdout["text"].astype(str))
    texts = holdout["text"].astype(str)
    for name, sign in (("with digits", DIGIT), ("questions", QUESTION), ("with letters beyond ASCII", NOT_ASCII)):
        yield f"text: {name}", np.array([sign.search(text) is not None for text in texts], dtype=bool)
    yield from _by_rarity(holdout["label"].astype(str), training_labels.dropna().astype(str))


def _by_length(texts: pd.Series) -> Iterator[tuple[str, Members]]:
    words = np.array([len(WORD.findall(text)) for text in texts])
    ends = [-1.0, *np.quantile(words, [0.25, 0.5, 0.75]), float("inf")]
    for name, (low, high) in zip(QUARTERS, pairwise(ends), strict=True):
        yield f"length: {name}", (words > low) & (words <= high)


def _by_rarity(labels: pd.Series, training_labels: pd.Series) -> Iterator[tuple[str, Members]]:
    counts = training_labels.value_counts()
    if counts.empty:
        return
    rows = labels.map(counts).fillna(0).to_numpy(dtype=np.int64)
    rare = float(np.quantile(counts.to_numpy(), 0.25, method="inverted_cdf"))
    # Where labels are even none is rare, and a quarter of them would be named so for a row or two.
    if rare < 0.5 * float(counts.median()) or (rows == 0).any():
        yield "labels: rarest quarter in training", rows <= rare
    yield "labels: unknown to training", rows == 0
