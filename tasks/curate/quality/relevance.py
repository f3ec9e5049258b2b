"""Relevance: rows that have nothing to do with the task, and rows that say nothing at all.

A row's closeness is the mean cosine to its nearest rows of the *core*: the rows that lie near to others of their own
label (without labels: near to a tenth of all rows), and the holdout, where the data brings one. Foreign rows lie near
to each other, but they are not of the core, so that a whole batch of them cannot vouch for itself; a row of the task
with a wrong label is not of the core either, but lies near to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from tasks.embeddings.encoder import Vectors
from tasks.section import Section

OFF_TASK = "off_task"
NO_CONTENT = "no_content"

CORE_DEVIATIONS = 2.0
CORE_SHARE = 0.1
SIGMA = 1.4826
"""Standard deviations in a median absolute deviation, for normally distributed values."""
BLOCK_CELLS = 2**24
"""Cosines at a time: 64 MiB."""
SAYS_NOTHING = r"(?i)\s*(?:n/?a|#n/a|nan|null|none|nil|undefined|tbd|lorem ipsum\b.*|(\S)\1{3,})[\s.!?]*"

Distances = npt.NDArray[np.float64]


class Relevance(Section):
    """Rows that have nothing to do with the task, found by the distance of their embeddings to the other rows."""

    remove: bool = False
    """Set such rows aside; by default they are only reported, for a row of many typos lies far from the others too."""
    min: float | None = Field(default=None, ge=0, le=1)
    """Stop the run where a smaller share of the rows is relevant."""
    neighbours: int = Field(default=10, ge=1)
    """How many of the nearest rows a row's closeness is averaged over."""
    max_deviations: float = Field(default=6.0, gt=0)
    """A row is off task if it is less close than usual by more than this many (robust) standard deviations."""
    min_rows: int = Field(default=100, ge=10)
    """With fewer rows than this nobody can say what is usual, and only empty rows are flagged."""


@dataclass(frozen=True)
class Closeness:
    """How close each row is to the task, and how unusual that is."""

    cosine: Distances
    """Mean cosine to the nearest rows of the core."""
    deviations: Distances
    """Robust standard deviations below the core's median; what is closer than the median is below zero."""


def flag_relevance(
    rows: pd.DataFrame, vectors: Vectors, config: Relevance, holdout: Vectors | None = None
) -> pd.Series:
    """A reason for each row that is off task or says nothing, null for the others; aligned with the rows' index.

    `rows` has `text`, and `label` where the task has labels; `vectors` are the texts' embeddings, shape (rows, width)
    and of unit length; `holdout` those of the holdout's rows, if the data brings a holdout of its own.
    """
    reasons = flag_no_content(rows["text"])
    if len(rows) >= config.min_rows:
        labels = rows["label"] if "label" in rows and rows["label"].notna().any() else None
        closeness = measure_closeness(vectors, labels, config.neighbours, holdout)
        far = pd.Series(closeness.deviations > config.max_deviations, index=rows.index)
        reasons = reasons.mask(far & reasons.isna(), OFF_TASK)
    return reasons


def flag_no_content(texts: pd.Series) -> pd.Series:
    """NO_CONTENT for each text without a letter, a digit or a symbol, or with nothing but a filler such as `n/a`."""
    bare = ~texts.str.contains(r"[^\W_]|[^\x00-\u024f\u2000-\u206f\u3000-\u303f]", regex=True)
    filler = texts.str.fullmatch(SAYS_NOTHING)
    return pd.Series(None, index=texts.index, dtype="str").mask(bare | filler, NO_CONTENT)


def measure_closeness(
    vectors: Vectors, labels: pd.Series | None, neighbours: int, holdout: Vectors | None = None
) -> Closeness:
    """How close each row is to the core of the task. Memory is bounded whatever the number of rows."""
    if labels is None:
        near = nearest_mean(vectors, vectors, max(neighbours, int(CORE_SHARE * len(vectors))), np.arange(len(vectors)))
    else:
        near = _own_label_mean(vectors, labels, neighbours)
    core = np.flatnonzero(_deviations(near, near) <= CORE_DEVIATIONS)
    own_place = np.full(len(vectors), -1)
    own_place[core] = np.arange(len(core))
    reference = vectors[core] if holdout is None else np.concatenate([vectors[core], holdout])
    cosine = nearest_mean(vectors, reference, neighbours, own_place)
    return Closeness(cosine, _deviations(cosine, cosine[core]))


def nearest_mean(vectors: Vectors, reference: Vectors, count: int, own_place: npt.NDArray[np.intp]) -> Distances:
    """Mean cosine of each vector to its `count` nearest in `reference`, without itself at `own_place` (-1: not there).

    Where the reference has fewer, all of them count; with none the mean is -1, which is as far as can be.
    """
    means = np.full(len(vectors), -1.0)
    step = max(1, BLOCK_CELLS // max(1, len(reference)))
    for start in range(0, len(vectors), step):
        cosines = vectors[start : start + step] @ reference.T
        own = own_place[start : start + step]
        inside = np.flatnonzero(own >= 0)
        cosines[inside, own[inside]] = -np.inf
        kept = min(count, cosines.shape[1])
        nearest = np.partition(cosines, cosines.shape[1] - kept, axis=1)[:, cosines.shape[1] - kept :]
        valid = np.isfinite(nearest)
        sums = np.where(valid, nearest, 0).sum(axis=1, dtype=np.float64)
        counts = valid.sum(axis=1)
        means[start : start + step] = np.divide(sums, counts, out=np.full(len(sums), -1.0), where=counts > 0)
    return means


def _own_label_mean(vectors: Vectors, labels: pd.Series, neighbours: int) -> Distances:
    """Mean cosine of each row to its nearest rows of its own label; -1 for the only row of a label."""
    means = np.full(len(vectors), -1.0)
    for members in labels.reset_index(drop=True).groupby(labels.to_numpy(), sort=True).indices.values():
        own = vectors[members]
        means[members] = nearest_mean(own, own, neighbours, np.arange(len(own)))
    return means


def _deviations(values: Distances, usual: Distances) -> Distances:
    """How far each value lies below the median of the usual ones, in median absolute deviations scaled to a sigma."""
    median = float(np.median(usual))
    spread = SIGMA * float(np.median(np.abs(usual - median)))
    return (median - values) / max(spread, float(np.finfo(np.float32).eps))
