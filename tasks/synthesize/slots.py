"""Templates found in the data: places of a label's rows whose words change from row to row, and what stands in them.

Two kinds of place are found. A number is one (`#48213`, `3 days`), told by its shape and the word after it. And one to
three words are one where the two words before and the two words after stand in several rows of the label with
different words in between, as `my ___ has not arrived` does (the idea of frames: Mintz 2003; in information
extraction, Ravichandran and Hovy 2002). A slot is filled only with a value that stood in the same slot.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tasks.synthesize.paraphrase_rules import SYNONYMS
from tasks.synthesize.reformat import FILLERS

TOKEN = re.compile(r"<[A-Z][A-Z_0-9]*>|#?\w+(?:[-'\u2019./:]\w+)*%?|[€$£]\s?\d[\d.,]*\d|[^\w\s]")
MOST_ROWS_READ = 20_000
LONGEST_VALUE, CONTEXT = 3, 2
BEGIN, END = "\x02", "\x03"
_TURNING = (
    "not no never nothing none nobody without cannot can't don't doesn't didn't won't isn't aren't wasn't haven't "
    "hasn't couldn't wouldn't yet still already only again before after until from by if or but than then when where "
    "why how what which who whose because i'm i've i'd i'll he she they us them there here can could may might must "
    "shall should also too more most less least many much any all each every"
)
TURNS_MEANING = FILLERS | frozenset(_TURNING.split())
"""Words that make another request of a sentence, so that no slot holds one."""

Slot = tuple[str, ...]


@dataclass(frozen=True)
class _Place:
    """One to three words of a text, and the slot that they stand in."""

    slot: Slot
    start: int
    end: int
    value: str


@dataclass(frozen=True)
class Slots:
    """The values seen in each slot of each label, sorted."""

    values: dict[tuple[str, Slot], tuple[str, ...]]

    def filled(self, text: str, label: str, changes: int, draw: np.random.Generator) -> str | None:
        """The text with one to `changes` slots filled with other values of the label; None where it has no slot."""
        places = [place for place in _places(text) if len(self.values.get((label, place.slot), ())) > 1]
        if not places:
            return None
        wanted, done = int(draw.integers(1, changes + 1)), list[_Place]()
        for index in draw.permutation(len(places)):
            place = places[int(index)]
            if len(done) < wanted and not any(place.start < other.end and other.start < place.end for other in done):
                # A value that the text has elsewhere would make it say the same thing twice.
                others = [value for value in self.values[label, place.slot] if value.casefold() not in text.casefold()]
                if others:
                    done.append(replace(place, value=_as_written(place.value, str(draw.choice(others)))))
        for place in sorted(done, key=lambda found: -found.start):
            text = text[: place.start] + place.value + text[place.end :]
        return text if done else None


def find_slots(texts: Sequence[str], labels: Sequence[str], seed: int, fewest_values: int = 2) -> Slots:
    """The slots of each label. From more than MOST_ROWS_READ rows, a sample is read.

    A slot is one where at least `fewest_values` different values were seen, in different rows.
    """
    chosen: Sequence[int] = range(len(texts))
    if len(texts) > MOST_ROWS_READ:
        chosen = sorted(np.random.default_rng(seed).choice(len(texts), size=MOST_ROWS_READ, replace=False))
    seen: dict[tuple[str, Slot], dict[str, str]] = defaultdict(dict)
    for index in chosen:
        for place in _places(texts[index]):
            seen[labels[index], place.slot].setdefault(place.value.casefold(), place.value)
    values = {
        key: found for key, found in seen.items() if len(found) >= fewest_values and not _are_synonyms_only(found)
    }
    return Slots({key: tuple(found[folded] for folded in sorted(found)) for key, found in values.items()})


def _places(text: str) -> Iterator[_Place]:
    """Every place of a text that could be a slot."""
    spans = [(match.start(), match.end(), match[0]) for match in TOKEN.finditer(text)]
    words = [word.casefold() for _, _, word in spans]
    padded = [BEGIN] * CONTEXT + words + [END] * CONTEXT
    for first, (start, end, word) in enumerate(spans):
        if any(character.isdigit() for character in word):
            following = padded[first + CONTEXT + 1]
            yield _Place(("#", _shape(word), following if len(word) < 4 else ""), start, end, word)
            continue
        for length in range(1, LONGEST_VALUE + 1):
            value = words[first : first + length]
            if len(value) < length or not all(_may_vary(part) for part in value):
                break
            before, after = padded[first : first + CONTEXT], padded[first + CONTEXT + length :][:CONTEXT]
            context = [part for part in (*before, *after) if part not in (BEGIN, END) and part[0].isalnum()]
            if len(context) >= 3:
                last = spans[first + length - 1][1]
                yield _Place((*before, "_", *after), start, last, text[start:last])


def _may_vary(word: str) -> bool:
    return word[0].isalpha() and word not in TURNS_MEANING and not any(character.isdigit() for character in word)


def _shape(word: str) -> str:
    """`#48213` as `#00000`, `SPRING20` as `AAAAAA00`: what two numbers must share to stand for each other."""
    shape = re.sub(r"[0-9]", "0", re.sub(r"[A-Z]", "A", re.sub(r"[a-z]", "a", word)))
    return re.sub(r"A{2,}", "A+", re.sub(r"a{2,}", "a+", shape))


def _as_written(old: str, new: str) -> str:
    """The new value as it was first seen, in capitals where the old one is."""
    return new.upper() if len(old) > 1 and old.isupper() else new


def _are_synonyms_only(values: Collection[str]) -> bool:
    """Whether a slot only knows two words that mean the same: that is a paraphrase and no slot."""
    first, second = sorted(values)[:2]
    return len(values) == 2 and second in SYNONYMS.get(first, ())
