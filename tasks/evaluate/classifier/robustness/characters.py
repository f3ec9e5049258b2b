"""Slips inside a word that a person reads over: letters swapped, left out, doubled, a neighbouring key, a look-alike.

After Gao et al. (2018), "Black-box generation of adversarial text sequences to evade deep learning classifiers"
(DeepWordBug, arXiv:1801.04354), and Pruthi et al. (2019, arXiv:1905.11268): the first and the last letter stay, and a
word gets one slip. A changed text is kept near its own by that and by the share of words that may change, not by an
encoder's cosine: an encoder stumbles over slips as the classifier does, and would let only harmless ones pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from tasks.datasets.keyboard import NEIGHBOURS

SHORTEST_WORD = 4
"""A shorter word has no two inner letters."""
EDITS_OF_A_WORD = 10
"""Slips of one word that a search tries: two of each kind."""
LOOK_ALIKES = {"a": "@", "b": "6", "e": "3", "g": "9", "i": "1", "l": "1", "o": "0", "s": "5", "t": "7", "z": "2"}
_PLAIN_WORD = re.compile(rf"[^\W\d_]{{{SHORTEST_WORD},}}")
Edit = Callable[[str, int, np.random.Generator], str]
"""From a word, the place of an inner letter, and a source of chance to the word with a slip there."""


def swap(word: str, place: int, _draw: np.random.Generator) -> str:
    """Two inner letters change places."""
    second = place + 1 if place + 2 < len(word) else place - 1
    first, second = sorted((place, second))
    return word[:first] + word[second] + word[first] + word[second + 1 :]


def leave_out(word: str, place: int, _draw: np.random.Generator) -> str:
    """An inner letter is missing."""
    return word[:place] + word[place + 1 :]


def double(word: str, place: int, _draw: np.random.Generator) -> str:
    """An inner letter comes twice."""
    return word[:place] + word[place] + word[place:]


def neighbour(word: str, place: int, draw: np.random.Generator) -> str:
    """The key beside an inner letter's; a letter that is on no such keyboard stays."""
    keys = NEIGHBOURS.get(word[place].lower(), word[place])
    key = str(draw.choice(list(keys)))
    return word[:place] + (key.upper() if word[place].isupper() else key) + word[place + 1 :]


def look_alike(word: str, place: int, _draw: np.random.Generator) -> str:
    """A figure or sign that looks like an inner letter; one that has none stays."""
    return word[:place] + LOOK_ALIKES.get(word[place].lower(), word[place]) + word[place + 1 :]


TYPOS: tuple[Edit, ...] = (swap, leave_out, double, neighbour)
EDITS: tuple[Edit, ...] = (*TYPOS, look_alike)


def can_slip(word: str) -> bool:
    """Whether the word is of letters alone, and long enough."""
    return _PLAIN_WORD.fullmatch(word) is not None


def slips(word: str, seed: int, number: int) -> list[str]:
    """Up to EDITS_OF_A_WORD forms of a word, each with one slip; the same for the same word, seed and row number."""
    if not can_slip(word):
        return []
    draw = np.random.default_rng([seed, number, *map(ord, word)])
    inner = draw.permutation(np.arange(1, len(word) - 1))
    found: dict[str, None] = {}
    for turn in range(EDITS_OF_A_WORD // len(EDITS)):
        for edit in EDITS:
            # Every kind starts at another of the shuffled places, so that two of a kind differ.
            for place in np.roll(inner, -turn):
                changed = edit(word, int(place), draw)
                if changed != word and changed not in found:
                    found[changed] = None
                    break
    return list(found)
