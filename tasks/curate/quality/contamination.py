"""Contamination: training rows that hold rows of a test set, found by the runs of words that they share.

The rule is that of PaLM (Chowdhery et al., 2022, section 8): a test row counts as seen where at least 70 % of its runs
of eight words stand in the training data. Here they must stand in one training row, which is the row to remove. With
`ngram_words` 13 and the least share it is GPT-3's (Brown et al., 2020, appendix C). A test row with fewer words than a
run counts as seen only where it is the whole training row, as short rows stand within others by chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.curate.quality.shingles import Texts, text_chunks, text_column
from tasks.curate.quality.words import Grams, Words, grams, hashed_words, wholes

COMMON = 20
"""A run that stands in more different test rows is a phrase of the set and tells of none of them."""


@dataclass(frozen=True)
class _Known:
    """The runs of a test set: those of `hashes[i]` stand in the test rows `rows[begins[i] : begins[i + 1]]`."""

    hashes: NDArray[np.uint64]
    begins: NDArray[np.int64]
    rows: NDArray[np.int64]
    sizes: NDArray[np.int64]
    """Telling runs of each test row."""
    wholes: NDArray[np.uint64]


def contaminated(texts: Texts, test_texts: Texts, ngram_words: int = 8) -> NDArray[np.float64]:
    """For each text the largest share of one test row's runs of words that it holds, from 0 to 1, float64 [n].

    1 as well where a text is a test row, word for word. Holds the test set's runs in memory (some 20 bytes a word) and
    goes through the texts in chunks. Raises pyarrow.ArrowInvalid where a text is not a string.
    """
    known = _known(_all_words(test_texts), ngram_words)
    parts = [_shares(hashed_words(chunk), known, ngram_words) for chunk in text_chunks(text_column(texts))]
    return np.concatenate([np.zeros(0), *parts])


def _all_words(texts: Texts) -> Words:
    chunks = [hashed_words(chunk) for chunk in text_chunks(text_column(texts))]
    if not chunks:
        return hashed_words([])
    before = np.cumsum([0, *(len(chunk.counts) for chunk in chunks)])
    return Words(
        np.concatenate([chunk.hashes for chunk in chunks]),
        np.concatenate([chunk.rows + first for chunk, first in zip(chunks, before, strict=False)]),
        np.concatenate([chunk.counts for chunk in chunks]),
    )


def _known(words: Words, length: int) -> _Known:
    identity = wholes(words)
    # A test row that stands there twice must not make its own runs look like common phrases.
    first = np.zeros(len(identity), dtype=np.bool_)
    first[np.unique(identity, return_index=True)[1]] = True
    found = grams(words, length)
    pairs = _distinct(Grams(found.hashes[first[found.rows]], found.rows[first[found.rows]]))
    _, place, count = np.unique(pairs.hashes, return_inverse=True, return_counts=True)
    telling = count[place] <= COMMON
    hashes, begins = np.unique(pairs.hashes[telling], return_index=True)
    rows = pairs.rows[telling]
    sizes = np.bincount(rows, minlength=len(identity))
    return _Known(hashes, np.append(begins, len(rows)), rows, sizes, np.unique(identity[identity > 0]))


def _shares(words: Words, known: _Known, length: int) -> NDArray[np.float64]:
    shares = np.isin(wholes(words), known.wholes).astype(np.float64)
    found = _distinct(grams(words, length))
    if not len(known.hashes) or not len(found.hashes):
        return shares
    place = np.minimum(np.searchsorted(known.hashes, found.hashes), len(known.hashes) - 1)
    hit = known.hashes[place] == found.hashes
    place, rows = place[hit], found.rows[hit]
    counts = known.begins[place + 1] - known.begins[place]
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    test_rows = known.rows[np.repeat(known.begins[place], counts) + within]
    pairs, shared = np.unique(np.repeat(rows, counts) * len(known.sizes) + test_rows, return_counts=True)
    np.maximum.at(shares, pairs // len(known.sizes), shared / known.sizes[pairs % len(known.sizes)])
    return shares


def _distinct(found: Grams) -> Grams:
    """Each run once a row, in the order of runs and then rows."""
    order = np.lexsort((found.rows, found.hashes))
    hashes, rows = found.hashes[order], found.rows[order]
    new = np.concatenate([[True], (hashes[1:] != hashes[:-1]) | (rows[1:] != rows[:-1])])[: len(order)]
    return Grams(hashes[new], rows[new])
