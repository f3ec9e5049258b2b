"""Superficial imitation: do made rows help on real rows, or only on rows like themselves?

A student can learn a teacher's manner without its skill, and then looks better on the teacher's rows alone (Gudibande
and others 2023, "The False Promise of Imitating Proprietary LLMs"). So a cheap probe is trained with and without the
made rows, and both are judged twice: on real validation rows, and on made rows that were held back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tasks.metrics.intervals import paired_difference
from tasks.records import Measurement

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Fit = Callable[[Floats, Integers], Callable[[Floats], Integers]]
"""From vectors of shape (rows, width) and label indices to a function from vectors to label indices."""
Finding = Literal["real_gain", "only_on_synthetic", "no_gain", "harm"]
SAMPLES = 1000
IN_WORDS: dict[Finding, str] = {
    "real_gain": "The gain holds on real rows.",
    "only_on_synthetic": "Superficial imitation: the gain shows on synthetic rows only, and not on real ones.",
    "no_gain": "No gain beyond chance, neither on real rows nor on synthetic ones.",
    "harm": "The synthetic rows make it worse on real rows.",
}


@dataclass(frozen=True)
class Vectors:
    """Rows as a probe sees them: embeddings of shape (rows, width) and label indices of shape (rows,)."""

    vectors: Floats
    labels: Integers

    def __len__(self) -> int:
        return len(self.labels)

    def __add__(self, other: Vectors) -> Vectors:
        return Vectors(np.concatenate([self.vectors, other.vectors]), np.concatenate([self.labels, other.labels]))

    def of(self, chosen: npt.NDArray[np.bool_]) -> Vectors:
        """The rows that a mask chooses."""
        return Vectors(self.vectors[chosen], self.labels[chosen])


@dataclass(frozen=True)
class Imitation:
    """Accuracy with the made rows less accuracy without, on the same rows, with its interval."""

    real_rows: int
    real_without: float
    real_gain: Measurement
    synthetic_rows: int
    synthetic_gain: Measurement | None
    """Null where too few parents gave rows to hold some back."""

    @property
    def finding(self) -> Finding:
        """What follows, each gain taken for real only where its whole interval lies above 0."""
        if (self.real_gain.high or 0) < 0:
            return "harm"
        if (self.real_gain.low or 0) > 0:
            return "real_gain"
        if self.synthetic_gain is not None and (self.synthetic_gain.low or 0) > 0:
            return "only_on_synthetic"
        return "no_gain"


def imitation_check(
    real_train: Vectors,
    synthetic: Vectors,
    origins: Sequence[str | None],
    real_validation: Vectors,
    *,
    fit: Fit,
    confidence: float,
    seed: int,
) -> Imitation:
    """Measure both gains. `origins` are the parents' ids of the synthetic rows.

    Children of one parent are held back together, since they are alike. Raises ValueError without validation rows: the
    holdout is for judging the candidate and is not looked at here.
    """
    if not len(real_validation):
        raise ValueError("without validation rows no gain on real rows can be measured")
    without = fit(real_train.vectors, real_train.labels)
    all_made = real_train + synthetic
    with_all = fit(all_made.vectors, all_made.labels)
    held = _held_back(origins, seed)
    synthetic_gain = None
    if held.any() and not held.all():
        half = real_train + synthetic.of(~held)
        with_half = fit(half.vectors, half.labels)
        synthetic_gain = _gain(synthetic.of(held), with_half, without, confidence, seed)
    accuracy = float((without(real_validation.vectors) == real_validation.labels).mean())
    return Imitation(
        real_rows=len(real_validation),
        real_without=accuracy,
        real_gain=_gain(real_validation, with_all, without, confidence, seed),
        synthetic_rows=int(held.sum()) if synthetic_gain is not None else 0,
        synthetic_gain=synthetic_gain,
    )


def _gain(
    rows: Vectors,
    ours: Callable[[Floats], Integers],
    theirs: Callable[[Floats], Integers],
    confidence: float,
    seed: int,
) -> Measurement:
    ours_read, theirs_read = ours(rows.vectors), theirs(rows.vectors)
    classes = int(max(rows.labels.max(), ours_read.max(), theirs_read.max())) + 1
    return paired_difference(
        rows.labels,
        ours_read,
        theirs_read,
        classes,
        metric="accuracy",
        samples=SAMPLES,
        confidence=confidence,
        seed=seed,
    )


def _held_back(origins: Sequence[str | None], seed: int) -> npt.NDArray[np.bool_]:
    """Half of the parents' children; a row without a parent is its own."""
    names = [origin if isinstance(origin, str) else f"\x00{number}" for number, origin in enumerate(origins)]
    parents, places = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)
    chosen = np.zeros(len(parents), dtype=bool)
    chosen[np.random.default_rng(seed).permutation(len(parents))[: len(parents) // 2]] = True
    held: npt.NDArray[np.bool_] = chosen[places]
    return held
