"""MinHash signatures of texts, made for whole chunks of rows at a time, and the bands that candidates are found by.

A signature holds, for each of HASHES hash functions, the least hash over a text's runs of characters (`shingles.py`);
two texts agree in one such minimum with the probability of their Jaccard similarity s (Broder, "On the resemblance and
containment of documents", 1997). Minima are taken together in bands of r; two texts agree in at least one whole band of
b with probability 1 - (1 - s^r)^b (Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", 3.4.2).

Written on numpy because the fastest library, rensa, hands its signatures out only as Python integers, which alone takes
longer than all of this; `tests/benchmarks/curation/near_duplicates.py` measures both.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tasks.curate.quality.shingles import Shingles, Texts, shingles, text_chunks, text_column, tiles

HASHES = 64
RECALL = 0.99
SEGMENT = 256
DEVIATIONS = 4.0
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9))
# Odd, so that each multiplication permutes the 32-bit hashes; drawn once, and part of what a stored signature means.
_FACTORS = np.random.default_rng(77).integers(0, 1 << 31, HASHES, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
Indices = NDArray[np.int64]
Signatures = NDArray[np.uint32]


def signatures(texts: Texts) -> Signatures:
    """The signature of each text, uint32 [n, 66]: HASHES minima, and two halves of a fingerprint of all runs.

    A row's signature depends on nothing but the row, so shards can be done apart and their results concatenated.
    """
    column = text_column(texts)
    signed = np.empty((len(column), HASHES + 2), dtype=np.uint32)
    begin = 0
    for chunk in text_chunks(column):
        runs = shingles(chunk)
        part = signed[begin : begin + len(chunk)]
        part[:, :HASHES] = _minima(runs).T
        part[:, HASHES:] = _fingerprints(runs).view(np.uint32).reshape(-1, 2)
        begin += len(chunk)
    return signed


def as_column(signed: Signatures) -> pd.Series:
    """Signatures as a column of a frame, 264 bytes a row, so that they travel with their rows."""
    size = signed.shape[1] * signed.itemsize
    buffers = [None, pa.py_buffer(np.ascontiguousarray(signed))]
    column = pa.FixedSizeBinaryArray.from_buffers(pa.binary(size), len(signed), buffers)
    return pd.Series(pd.arrays.ArrowExtensionArray(column))


def from_column(column: pd.Series) -> Signatures:
    """The signatures (uint32 [n, 66]) that `as_column` made a column of."""
    array = pa.array(column).combine_chunks() if isinstance(pa.array(column), pa.ChunkedArray) else pa.array(column)
    size = array.type.byte_width
    held = np.frombuffer(array.buffers()[1], dtype=np.uint8)[array.offset * size : (array.offset + len(array)) * size]
    return held.view(np.uint32).reshape(len(array), HASHES + 2)


def bands(similarity: float) -> tuple[int, int]:
    """Minima in a band and bands: the longest bands that reach RECALL at `similarity` with HASHES minima.

    The longer a band, the fewer pairs that are not alike meet in it. Raises ValueError below 0.1 and above 1.
    """
    if not 0.1 <= similarity <= 1:
        raise ValueError(f"a similarity of {similarity} cannot be looked for: choose one from 0.1 to 1")
    if similarity == 1:
        return HASHES, 1
    needed = {
        length: math.ceil(math.log(1 - RECALL) / math.log(1 - similarity**length)) for length in range(1, HASHES + 1)
    }
    length = max(length for length, count in needed.items() if length * count <= HASHES)
    return length, needed[length]


def last_bytes(signed: Signatures) -> NDArray[np.uint8]:
    """The last byte of each minimum, [n, HASHES]: one cache line a row, for a first look at many pairs."""
    return signed[:, :HASHES].astype(np.uint8)


def may_be_alike(
    ones: NDArray[np.uint8], others: NDArray[np.uint8], left: Indices, right: Indices, similarity: float
) -> NDArray[np.bool_]:
    """Whether rows `left[i]` of `ones` and `right[i]` of `others` (both `last_bytes`) are worth an exact comparison.

    They are unless fewer minima agree than four standard deviations under what `similarity` would give.
    """
    least = HASHES * similarity - DEVIATIONS * math.sqrt(HASHES * similarity * (1 - similarity))
    equal = (ones[left] == others[right]).view(np.uint64)
    bytewise = sum(equal[:, place] for place in range(HASHES // 8))
    # The bytes hold at most 8 each; the product's highest byte is their sum.
    count: NDArray[np.uint64] = (bytewise * np.uint64(0x0101010101010101)) >> np.uint64(56)
    return count >= least


def band_keys(signed: Signatures, band: int, length: int, among: Indices | None) -> NDArray[np.uint64]:
    """One number a row, equal where all minima of the band (and the numbers `among`) are equal."""
    keys = np.zeros(len(signed), dtype=np.uint64) if among is None else among.astype(np.uint64) * _MIX[1]
    for column in range(band * length, (band + 1) * length):
        keys = (keys ^ signed[:, column]) * _MIX[0]
        keys ^= keys >> np.uint64(29)
    return keys


def _minima(runs: Shingles) -> Signatures:
    """[HASHES, rows]: long rows in segments, segments of like length in tiles, so that each step is one array's."""
    counts = np.diff(runs.offsets)
    parts = -(-counts // SEGMENT)
    firsts = np.cumsum(parts) - parts
    within = (np.arange(parts.sum()) - np.repeat(firsts, parts)) * SEGMENT
    starts = np.repeat(runs.offsets[:-1], parts) + within
    lengths = np.minimum(np.repeat(counts, parts) - within, SEGMENT)
    least = np.empty((HASHES, len(starts)), dtype=np.uint32)
    for rows in tiles(lengths):
        least[:, rows] = _tile_minima(runs.hashes, starts[rows], lengths[rows])
    return np.minimum.reduceat(least, firsts, axis=1) if len(starts) > len(counts) else least


def _tile_minima(hashes: NDArray[np.uint32], starts: Indices, lengths: Indices) -> Signatures:
    # A shorter row repeats its last hash, which changes no minimum.
    places = np.minimum(np.arange(lengths.max())[:, None], lengths - 1) + starts
    tile = hashes[places]
    permuted = np.empty_like(tile)
    least = np.empty((HASHES, len(starts)), dtype=np.uint32)
    for number, factor in enumerate(_FACTORS):
        np.multiply(tile, factor, out=permuted)
        permuted.min(axis=0, out=least[number])
    return least


def _fingerprints(runs: Shingles) -> NDArray[np.uint64]:
    mixed = runs.hashes * _MIX[0]
    mixed ^= mixed >> np.uint64(29)
    mixed *= _MIX[1]
    return np.add.reduceat(mixed, runs.offsets[:-1])
