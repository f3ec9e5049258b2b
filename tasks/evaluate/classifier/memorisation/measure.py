"""Whether a classifier has seen the holdout before, so that its score says what it remembers and not what it can do.

Two signs. Texts of the holdout that stand in the training split: curation sets such rows aside
(curation.uniqueness), unless it was told to leave them. And a holdout that is answered better than the validation
split, which is learned from as little: where both were drawn from the same rows, a difference beyond chance means that
the network learned the holdout elsewhere, as from a base model that was trained on it (compare Recht, Roelofs, Schmidt
and Shankar 2019, "Do ImageNet classifiers generalize to ImageNet?", where fresh rows show what a test set has lost).
"""

from __future__ import annotations

import math
import unicodedata

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.evaluate.classifier.answers import answer
from tasks.evaluate.classifier.memorisation.config import MemorisationConfig
from tasks.evaluate.classifier.subject import Subject
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.room import Found
from tasks.metrics.intervals import share_interval
from tasks.records import Measurement

LEARNED, ABOVE = "holdout_rows_learned", "accuracy_above_validation"
COLUMNS = ("part", "rows", "accuracy", "low", "high")
PARTS = ("holdout, learned", "holdout, not learned", "validation")


def measure_memorisation(subject: Subject, config: MemorisationConfig, evaluation: EvaluationConfig) -> Found:
    """`holdout_rows_learned`, a count without doubt, and `accuracy_above_validation`, from -1 to 1.

    The table has a row a part that has rows. Without a validation split the second figure is left out, and `missing`
    says so.
    """
    learned = subject.holdout["text"].map(same_text).isin(set(_split(subject, "train")["text"].map(same_text)))
    right, count = subject.answers.correct, float(learned.sum())
    parts = {PARTS[0]: right[learned.to_numpy()], PARTS[1]: right[~learned.to_numpy()]}
    metrics = {LEARNED: Measurement(value=count, low=count, high=count)}
    held_back = _split(subject, "validation").sort_values("id").head(config.validation_rows)
    missing = "there is no validation split to compare the holdout's accuracy with"
    if len(held_back):
        parts[PARTS[2]] = answer(subject.classifier, held_back).correct
        shares = [_share(part, evaluation.confidence) for part in (right, parts[PARTS[2]])]
        metrics[ABOVE], missing = difference_of_shares(*shares), ""
    lines = [
        (name, len(part), *_ends(_share(part, evaluation.confidence))) for name, part in parts.items() if len(part)
    ]
    return Found(metrics, pd.DataFrame(lines, columns=list(COLUMNS)), missing=missing)


def same_text(text: str) -> str:
    """A text without case and with single blanks, in Unicode form NFKC."""
    return " ".join(unicodedata.normalize("NFKC", str(text)).casefold().split())


def difference_of_shares(first: Measurement, second: Measurement) -> Measurement:
    """The first less the second, of rows apart, with the interval that follows from theirs.

    Source: Newcombe (1998), "Interval estimation for the difference between independent proportions", method 10, here
    with exact intervals of the shares. Raises ValueError where one of them has no interval.
    """
    (one, one_low, one_high), (other, other_low, other_high) = _ends(first), _ends(second)
    value = one - other
    below, above = math.hypot(one - one_low, other_high - other), math.hypot(one_high - one, other - other_low)
    return Measurement(value=value, low=max(value - below, -1.0), high=min(value + above, 1.0))


def _share(right: npt.NDArray[np.bool_], confidence: float) -> Measurement:
    return share_interval(int(right.sum()), len(right), confidence)


def _ends(measured: Measurement) -> tuple[float, float, float]:
    if measured.low is None or measured.high is None:
        raise ValueError(f"the share {measured.value} has no interval")
    return measured.value, measured.low, measured.high


def _split(subject: Subject, name: str) -> pd.DataFrame:
    path = subject.dataset_folder / f"{name}.parquet"
    columns = ["id", "text", "label", "group"]
    return pd.read_parquet(path, columns=columns) if path.is_file() else pd.DataFrame(columns=columns)
