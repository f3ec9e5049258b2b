"""Which texts seem to hold a slip of the keyboard, told without a dictionary: from the other texts of the set alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

import pandas as pd

WORD = re.compile(r"[^\W\d_]{7,}")
TIMES_COMMONER = 50


def misspelt(*sets: pd.Series) -> list[pd.Series]:
    """For each set of texts, which of them hold a word that seems misspelt; the words of all sets are counted together.

    A word of seven letters or more counts as misspelt where another, TIMES_COMMONER as frequent, begins and ends alike
    and is one slip away: a letter dropped, added, changed or moved. It is a proxy: a slip that many make, in a short
    word, at a word's ends, or in a small set is not seen, and a rare word may be taken for a slip of a common one.
    """
    counts = Counter[str]()
    for texts in sets:
        for text in texts.dropna():
            counts.update(_words(text))
    slips = set(_slips(counts))
    return [
        pd.Series([isinstance(text, str) and not slips.isdisjoint(_words(text)) for text in texts], index=texts.index)
        for texts in sets
    ]


def _words(text: str) -> set[str]:
    return set(WORD.findall(text.lower()))


def _slips(counts: Counter[str]) -> Iterator[str]:
    """Words that are one slip from a much commoner one, found by deletions as in SymSpell (Garbe 2012)."""
    common = {word: count for word, count in counts.items() if count >= TIMES_COMMONER}
    shortened: dict[str, int] = {}
    for word, count in common.items():
        for form in _forms(word):
            shortened[form] = max(count, shortened.get(form, 0))
    for word, count in counts.items():
        commonest = max((shortened.get(form, 0) for form in _forms(word)), default=0)
        if commonest >= TIMES_COMMONER * count:
            yield word


def _forms(word: str) -> Iterable[str]:
    """The word, and the word without one of its inner letters: its ends, where inflections are, stay as they are."""
    yield word
    for place in range(1, len(word) - 2):
        yield word[:place] + word[place + 1 :]
