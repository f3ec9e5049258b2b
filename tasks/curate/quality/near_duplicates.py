"""Near duplicates in raw texts: MinHash finds the pairs that may be alike, the exact Jaccard similarity decides.

`minhash.bands` sees to it that even of the pairs just at the similarity asked for 99 in 100 are compared; pairs more
alike are missed less often. Candidates are then compared exactly, so no pair that is found is a wrong one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.curate.quality.buckets import PAIRS_AT_ONCE, WINDOW, Buckets, parts_of, sorted_buckets
from tasks.curate.quality.minhash import (
    HASHES,
    Indices,
    Signatures,
    band_keys,
    bands,
    last_bytes,
    may_be_alike,
    signatures,
)
from tasks.curate.quality.shingles import Texts, jaccard, text_column


@dataclass(frozen=True)
class Pairs:
    """Pairs of rows, `left[i] < right[i]`, that are at least as alike as was asked."""

    left: Indices
    right: Indices
    similarity: NDArray[np.float64]
    """Exact Jaccard similarity of the two rows' sets of runs."""


def near_duplicate_groups(texts: Texts, similarity: float = 0.8, among: Indices | None = None) -> Indices:
    """For each text the index (int64 [n]) of an earlier one that it repeats or nearly repeats; its own where unique.

    `among` (int64 [n]) keeps texts with different numbers apart, for example those of different labels. What the
    groups promise is said at `groups_from_signatures`. Raises pyarrow.ArrowInvalid where a text is not a string.
    """
    column = text_column(texts)
    return groups_from_signatures(signatures(column), column, similarity, among)


def near_duplicate_pairs(texts: Texts, similarity: float = 0.8) -> Pairs:
    """All pairs of texts at least `similarity` alike, in order; their number can grow with the square of the rows."""
    column = text_column(texts)
    pairs = _verified(Buckets(signatures(column), similarity), column)
    order = np.lexsort((pairs.right, pairs.left))
    return Pairs(pairs.left[order], pairs.right[order], pairs.similarity[order])


def near_matches(
    texts: Texts, others: Texts, similarity: float = 0.8, given: tuple[Signatures, Signatures] | None = None
) -> Indices:
    """For each text (int64 [n]) the index of another set's text at least `similarity` alike, or -1 where there is none.

    A text is compared with at most WINDOW of those it shares a bucket with. `given` are the signatures of both sets,
    where they were made before. Raises as `near_duplicate_groups`.
    """
    own, foreign = text_column(texts), text_column(others)
    signed, known = given or (signatures(own), signatures(foreign))
    own_bytes, known_bytes = last_bytes(signed), last_bytes(known)
    both = pa.chunked_array([own, foreign])
    length, count = bands(similarity)
    found = np.full(len(own), -1, dtype=np.int64)
    for band in range(count):
        keys = band_keys(known, band, length, None)
        order = np.argsort(keys, kind="stable")
        rows = np.flatnonzero(found < 0)
        for left, right in _shared(band_keys(signed[rows], band, length, None), keys[order]):
            one, other = rows[left], order[right]
            likely = may_be_alike(own_bytes, known_bytes, one, other, similarity)
            one, other = one[likely], other[likely]
            alike = jaccard(both, one, other + len(own)) >= similarity
            found[one[alike]] = other[alike]
    return found


def groups_from_signatures(
    signed: Signatures, texts: Texts, similarity: float = 0.8, among: Indices | None = None
) -> Indices:
    """Groups as `near_duplicate_groups` gives them, of texts whose signatures were made before.

    A group is a star: every text is at least `similarity` alike to the one it is assigned to, so that no chain of small
    steps joins texts that are not alike (single linkage would). Only where more than WINDOW different texts share a
    bucket, a text may be a few such steps from the one that leads it, as leaders are compared again there.
    """
    column = text_column(texts)
    number = np.zeros(len(signed), dtype=np.int64) if among is None else among
    identity = np.column_stack([signed[:, HASHES:].view(np.uint64), number.view(np.uint64)])
    first, inverse = _first_rows(identity)
    leader = np.arange(len(first))
    buckets = Buckets(signed[first], similarity, number[first])
    if buckets.crowded.any():
        leader = _thinned(signed, column, first, similarity, number)
    alive = np.flatnonzero(leader == np.arange(len(first)))
    while len(alive) > 1:
        rows = first[alive]
        if len(alive) < len(buckets.signatures):
            buckets = Buckets(signed[rows], similarity, number[rows])
        pairs = _verified(buckets, column.take(pa.array(rows)))
        led = _leaders(len(alive), pairs.left, pairs.right)
        leader[alive] = alive[led]
        alive = alive[(led == np.arange(len(alive))) & buckets.crowded] if len(pairs.left) else alive[:0]
    while (leader[leader] != leader).any():
        leader = leader[leader]
    return first[leader][inverse]


def _thinned(
    signed: Signatures, column: pa.LargeStringArray, rows: Indices, similarity: float, number: Indices
) -> Indices:
    """Crowded buckets first, where one template made most rows: those alike to the first row of theirs follow it."""
    leader = np.arange(len(rows))
    leads = np.zeros(len(rows), dtype=np.bool_)
    length, count = bands(similarity)
    bytes_of = last_bytes(signed)
    for band in range(count):
        alive = np.flatnonzero(leader == np.arange(len(rows)))
        order, borders = sorted_buckets(band_keys(signed[rows[alive]], band, length, number[rows[alive]]))
        sizes = np.diff(borders)
        crowded = np.repeat(sizes > WINDOW + 1, sizes)
        left = alive[order[np.repeat(borders[:-1], sizes)[crowded]]]
        right = alive[order[crowded]]
        free = (left != right) & ~leads[right]
        for part in parts_of(np.flatnonzero(free)):
            one, other = rows[left[part]], rows[right[part]]
            likely = may_be_alike(bytes_of, bytes_of, one, other, similarity)
            alike = part[likely][jaccard(column, one[likely], other[likely]) >= similarity]
            leader[right[alike]] = left[alike]
            leads[left[alike]] = True
    return leader


def _verified(buckets: Buckets, column: pa.LargeStringArray) -> Pairs:
    """The candidates that are alike indeed; compared some at a time, so that memory stays bounded."""
    found: list[tuple[Indices, Indices, NDArray[np.float64]]] = []
    for left, right in _gathered(buckets.candidates()):
        alike = jaccard(column, left, right)
        chosen = alike >= buckets.similarity
        found.append((left[chosen], right[chosen], alike[chosen]))
    none = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))
    return Pairs(*(np.concatenate(parts) for parts in zip(none, *found, strict=True)))


def _shared(keys: NDArray[np.uint64], ordered: NDArray[np.uint64]) -> Iterator[tuple[Indices, Indices]]:
    """Places in `keys` and in `ordered` that hold the same key, at most WINDOW for each place in `keys`."""
    for begin in range(0, len(keys), PAIRS_AT_ONCE // WINDOW):
        part = keys[begin : begin + PAIRS_AT_ONCE // WINDOW]
        first = np.searchsorted(ordered, part, side="left")
        counts = np.minimum(np.searchsorted(ordered, part, side="right") - first, WINDOW)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        yield begin + np.repeat(np.arange(len(part)), counts), np.repeat(first, counts) + within


def _gathered(pairs: Iterator[tuple[Indices, Indices]]) -> Iterator[tuple[Indices, Indices]]:
    waiting: list[tuple[Indices, Indices]] = []
    for pair in pairs:
        waiting.append(pair)
        if sum(len(left) for left, _ in waiting) >= PAIRS_AT_ONCE:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(pairs: list[tuple[Indices, Indices]]) -> tuple[Indices, Indices]:
    return np.concatenate([left for left, _ in pairs]), np.concatenate([right for _, right in pairs])


def _leaders(count: int, left: Indices, right: Indices) -> Indices:
    """For each row its leader: a row without a leader before it among those it is alike to leads itself and them."""
    leader = np.arange(count)
    while len(left):
        waits = np.zeros(count, dtype=np.bool_)
        waits[right] = True
        leads = ~waits[left]
        np.minimum.at(leader, right[leads], left[leads])
        led = np.zeros(count, dtype=np.bool_)
        led[right[leads]] = True
        open_still = ~(led[left] | led[right])
        left, right = left[open_still], right[open_still]
    return leader


def _first_rows(identity: NDArray[np.uint64]) -> tuple[Indices, Indices]:
    """The first row of each distinct identity, in order, and for every row the place of its identity there."""
    order = np.lexsort(identity.T)
    new = np.concatenate([[True], (identity[order][1:] != identity[order][:-1]).any(axis=1)])[: len(order)]
    firsts = np.empty(len(order), dtype=np.int64)
    firsts[order] = order[new][np.cumsum(new) - 1]
    return np.unique(firsts, return_inverse=True)
