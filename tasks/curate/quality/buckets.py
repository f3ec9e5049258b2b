"""The buckets of rows whose signatures agree in a band, and the pairs of rows in them that are worth a comparison."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tasks.curate.quality.minhash import Indices, Signatures, band_keys, bands, last_bytes, may_be_alike

WINDOW = 50
PAIRS_AT_ONCE = 1 << 16


@dataclass
class Buckets:
    """The rows that agree in a band, by band, as pairs to compare."""

    signatures: Signatures
    similarity: float
    among: Indices | None = None
    sorted: list[tuple[Indices, Indices]] = field(init=False)
    """By band, as `sorted_buckets` gives them."""
    places: NDArray[np.int32] = field(init=False)
    """[bands, rows]: where a row stands in the order of a band's keys."""
    crowded: NDArray[np.bool_] = field(init=False)
    """[rows]: the row stood in a bucket too large to compare all of its pairs."""

    def __post_init__(self) -> None:
        self.rows_per_band, self.count = bands(self.similarity)
        self.sorted = []
        self.places = np.zeros((self.count, len(self.signatures)), dtype=np.int32)
        self.crowded = np.zeros(len(self.signatures), dtype=np.bool_)
        for band in range(self.count):
            order, borders = sorted_buckets(band_keys(self.signatures, band, self.rows_per_band, self.among))
            sizes = np.diff(borders)
            self.sorted.append((order, borders))
            self.places[band, order] = np.arange(len(order))
            self.crowded[order] |= np.repeat(sizes > WINDOW + 1, sizes)

    def candidates(self) -> Iterator[tuple[Indices, Indices]]:
        """Pairs `left < right`, each once, whose signatures do not speak against the similarity.

        In a bucket of more than WINDOW rows each is paired with the WINDOW next ones only, so that the work stays
        proportional to the rows whatever the data is like.
        """
        bytes_of = last_bytes(self.signatures)
        for band in range(self.count):
            for left, right in self._agreeing(band):
                likely = may_be_alike(bytes_of, bytes_of, left, right, self.similarity)
                new = ~self._told(left[likely], right[likely], band)
                yield left[likely][new], right[likely][new]

    def _told(self, left: Indices, right: Indices, band: int) -> NDArray[np.bool_]:
        """Whether an earlier band has brought the pairs already."""
        minima = slice(band * self.rows_per_band)
        equal = self.signatures[left, minima] == self.signatures[right, minima]
        agree = equal.reshape(len(left), band, self.rows_per_band).all(axis=2)
        near = self.places[:band, right] - self.places[:band, left] <= WINDOW
        told: NDArray[np.bool_] = (agree & near.T).any(axis=1)
        return told

    def _agreeing(self, band: int) -> Iterator[tuple[Indices, Indices]]:
        order, borders = self.sorted[band]
        sizes = np.diff(borders)
        ends = np.repeat(borders[1:], sizes)
        places = np.flatnonzero(np.repeat(sizes > 1, sizes))
        for distance in range(1, WINDOW + 1):
            places = places[places + distance < ends[places]]
            if not len(places):
                return
            for part in parts_of(places):
                yield order[part], order[part + distance]


def sorted_buckets(keys: NDArray[np.uint64]) -> tuple[Indices, Indices]:
    """The order of the keys, and the borders between different keys in it, from 0 to their number."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    different = np.concatenate([np.ones(min(len(keys), 1), dtype=np.bool_), ordered[1:] != ordered[:-1]])
    return order, np.append(np.flatnonzero(different), len(keys))


def parts_of(places: Indices) -> list[Indices]:
    """The places in parts of at most PAIRS_AT_ONCE, in their order."""
    return np.array_split(places, -(-len(places) // PAIRS_AT_ONCE)) if len(places) else []
