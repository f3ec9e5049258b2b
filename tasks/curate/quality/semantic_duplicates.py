"""Texts that say the same in other words: rows whose embeddings point the same way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCK = 1024
Indices = NDArray[np.int64]


def semantic_duplicate_groups(vectors: NDArray[np.float32], similarity: float) -> Indices:
    """For each row the index (int64 [n]) of an earlier one that means the same; its own index where there is none.

    `vectors` is float32 [n, width] of unit length, so that a product is a cosine. Rows are taken in their order: one
    whose cosine with a leader is at least `similarity` follows the first such leader, else it leads. Exact; the work
    grows with rows times leaders, the memory with the vectors and one block of BLOCK x BLOCK.
    """
    leader = np.arange(len(vectors))
    led_by = np.zeros(0, dtype=np.int64)
    for begin in range(0, len(vectors), BLOCK):
        block = vectors[begin : begin + BLOCK]
        found = _first_alike(block, vectors, led_by, similarity)
        among = _leaders_among(block, found < 0, similarity)
        rows = np.where(found >= 0, found, begin + among)
        leader[begin : begin + len(block)] = rows
        led_by = np.concatenate([led_by, np.unique(rows[rows >= begin])])
    return leader


def _first_alike(
    block: NDArray[np.float32], vectors: NDArray[np.float32], leaders: Indices, similarity: float
) -> Indices:
    """The first leader that each row of the block is alike to, or -1."""
    found = np.full(len(block), -1, dtype=np.int64)
    for begin in range(0, len(leaders), BLOCK):
        rows = np.flatnonzero(found < 0)
        part = leaders[begin : begin + BLOCK]
        alike = block[rows] @ vectors[part].T >= similarity
        hit = alike.any(axis=1)
        found[rows[hit]] = part[alike[hit].argmax(axis=1)]
    return found


def _leaders_among(block: NDArray[np.float32], free: NDArray[np.bool_], similarity: float) -> Indices:
    """For each free row of a block the first free row in it that leads it, or itself."""
    leader = np.arange(len(block))
    alike = np.triu(block @ block.T >= similarity, k=1) & free[:, None] & free
    leads = free.copy()
    for row in np.flatnonzero(alike.any(axis=1)):
        if leads[row]:
            followers = alike[row] & leads
            leader[followers] = row
            leads &= ~followers
    return leader
