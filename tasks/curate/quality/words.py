"""The words of texts, hashed for whole chunks of rows at a time.

A word is a run of letters, digits and their marks, in the normal form of the text; punctuation and blanks part words.
In scripts that are written without blanks each character is a word of its own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tasks.curate.normal_form import normal_form

WITHOUT_BLANKS = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF))
"""Thai and Lao, Burmese, Khmer, kana, and the common ideographs: first and last code point."""
PART, ALONE = 1, 2
LAST = 0xFFFF
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True)
class Words:
    """The hashed words of several texts, one text after the other."""

    hashes: NDArray[np.uint64]
    rows: NDArray[np.int64]
    """The row of each word, ascending."""
    counts: NDArray[np.int64]
    """Words of each row, zero where a text has none."""


@dataclass(frozen=True)
class Grams:
    """Hashed runs of words with their rows."""

    hashes: NDArray[np.uint64]
    rows: NDArray[np.int64]


def hashed_words(texts: Sequence[str]) -> Words:
    """The words of each text. Takes some 40 bytes of memory a character: hand it chunks (`shingles.text_chunks`)."""
    forms = [normal_form(text) for text in texts]
    codes = np.frombuffer("\0".join([*forms, ""]).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    kinds = _kinds()[np.minimum(codes, LAST)]
    before = np.concatenate([[0], kinds[:-1]]) if len(kinds) else kinds
    begins = (kinds > 0) & ((before == 0) | (before == ALONE) | (kinds == ALONE))
    places = np.flatnonzero(kinds)
    firsts = np.flatnonzero(begins[places])
    starts = places[firsts]
    lengths = np.diff(np.append(firsts, len(places)))
    ends = np.cumsum(np.fromiter(map(len, forms), dtype=np.int64, count=len(forms)) + 1)
    rows = np.searchsorted(ends, starts, side="right")
    characters = mixed(codes[places] + ((places - np.repeat(starts, lengths)).astype(np.uint64) << np.uint64(21)))
    hashes = np.add.reduceat(characters, firsts) if len(firsts) else np.zeros(0, dtype=np.uint64)
    return Words(hashes, rows, np.bincount(rows, minlength=len(forms)))


def grams(words: Words, length: int) -> Grams:
    """All runs of `length` words; rows with fewer words have none."""
    count = max(0, len(words.hashes) - length + 1)
    hashes = np.zeros(count, dtype=np.uint64)
    for place in range(length):
        hashes = mixed(hashes + words.hashes[place : place + count])
    inside = words.rows[:count] == words.rows[length - 1 : length - 1 + count]
    return Grams(hashes[inside], words.rows[:count][inside])


def wholes(words: Words) -> NDArray[np.uint64]:
    """One hash for all words of each row in their order; 0 for a row without words."""
    starts = np.cumsum(words.counts) - words.counts
    order = (np.arange(len(words.rows)) - starts[words.rows]).astype(np.uint64)
    found = np.zeros(len(words.counts), dtype=np.uint64)
    filled = words.counts > 0
    if filled.any():
        found[filled] = np.add.reduceat(mixed(words.hashes + mixed(order + np.uint64(1))), starts[filled])
    return found


def mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea, Flood, 2014): each bit of a number bears on each bit of the result."""
    shaken = numbers + _MIX[0]
    shaken = (shaken ^ (shaken >> np.uint64(30))) * _MIX[1]
    shaken = (shaken ^ (shaken >> np.uint64(27))) * _MIX[2]
    return shaken ^ (shaken >> np.uint64(31))


@cache
def _kinds() -> NDArray[np.uint8]:
    """For each code point whether it parts words (0), is PART of one, or is one ALONE; those beyond LAST are parts."""
    known = "LMN"
    kinds = np.fromiter((unicodedata.category(chr(code))[0] in known for code in range(LAST + 1)), dtype=np.uint8)
    for first, last in WITHOUT_BLANKS:
        kinds[first : last + 1] *= ALONE
    kinds[LAST] = PART
    return kinds
