"""Slips of the keyboard, as people make them: two letters swapped, one left out, doubled, or its neighbour hit."""

from __future__ import annotations

import re

import numpy as np

from tasks.datasets.kept_words import KEPT
from tasks.datasets.keyboard import NEIGHBOURS

WORD = re.compile(r"[^\W\d_]{3,}")
SLIPS = ("swap", "leave_out", "double", "neighbour", "join")
WEIGHTS = (0.25, 0.3, 0.15, 0.2, 0.1)
"""Leaving out and swapping are the commonest slips of typists (Baba and Suzuki 2012 count the like)."""


def with_typos(text: str, per_100_characters: float, draw: np.random.Generator) -> str | None:
    """The text with slips, at least one; None where it has no word of three letters to slip in.

    Masks, addresses and whatever holds a digit stay as they are, and so does the first letter of each word.
    """
    kept = np.zeros(len(text) + 2, dtype=bool)
    for match in KEPT.finditer(text):
        kept[match.start() : match.end()] = True
    words = [match.span() for match in WORD.finditer(text) if not kept[match.start() : match.end() + 2].any()]
    places = [place for start, end in words for place in range(start + 1, end)]
    if not places:
        return None
    count = min(max(1, round(len(text) * per_100_characters / 100)), max(1, len(places) // 3))
    chosen = sorted(draw.choice(len(places), size=count, replace=False), reverse=True)
    for index in chosen:
        text = _slip(text, places[index], str(draw.choice(SLIPS, p=WEIGHTS)), draw)
    return text


def _slip(text: str, place: int, slip: str, draw: np.random.Generator) -> str:
    before, letter, after = text[:place], text[place], text[place + 1 :]
    if slip == "swap" and after[:1].isalpha() and after[0] != letter:
        return before + after[0] + letter + after[1:]
    if slip == "double":
        return before + letter + letter + after
    if slip == "neighbour" and letter.lower() in NEIGHBOURS:
        hit = str(draw.choice(list(NEIGHBOURS[letter.lower()])))
        return before + (hit.upper() if letter.isupper() else hit) + after
    if slip == "join" and after[:1] == " " and after[1:2].isalpha():
        return before + letter + after[1:]
    return before + after
