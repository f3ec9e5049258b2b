"""What a made row must not repeat: a row that is there, and anything like a row of the holdout or of validation.

"Like" is the Jaccard index of the character 4-grams of two texts, case and punctuation aside. The search is exact: two
sets can only reach the limit if they share one of the rarest few grams of either (prefix filtering: Chaudhuri, Ganti
and Kaushik 2006), so only those are indexed.
"""

from __future__ import annotations

import functools
import hashlib
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable

LIKENESS = 0.8
GRAM = 4
_BREAKS = re.compile(r"[\W_]+")


def same_text_form(text: str) -> str:
    """What two rows of the same split must share to be the same row: Unicode form NFKC, single blanks; case counts."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def bare_form(text: str) -> str:
    """Letters and digits of the text, words parted by one blank, without case."""
    return _BREAKS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


class LikeTexts:
    """An index of texts that says whether another one is like any of them."""

    def __init__(self, texts: Iterable[str], likeness: float = LIKENESS) -> None:
        self.likeness = likeness
        self.forms = dict.fromkeys(bare_form(text) for text in texts)
        self.common: Counter[str] = Counter()
        for form in self.forms:
            self.common.update(_grams(form))
        # Forms and not grams are kept, since the grams of all rows would take ten times the memory of the texts.
        self.places: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for form in self.forms:
            grams = _grams(form)
            for gram in self._rarest(grams):
                self.places[gram].append((form, len(grams)))

    def has_like(self, text: str) -> bool:
        """Whether a text of the index is the same in bare form, or at least `likeness` alike."""
        form = bare_form(text)
        if form in self.forms:
            return True
        grams = _grams(form)
        # Sets whose sizes differ by more than the limit cannot be alike by it.
        least, most = self.likeness * len(grams), len(grams) / self.likeness
        near = {
            other for gram in self._rarest(grams) for other, size in self.places.get(gram, ()) if least <= size <= most
        }
        return any(_jaccard(grams, _grams(other)) >= self.likeness for other in near)

    def _rarest(self, grams: frozenset[str]) -> list[str]:
        keep = len(grams) - math.ceil(self.likeness * len(grams)) + 1
        return sorted(grams, key=lambda gram: (self.common[gram], gram))[:keep]


class Existing:
    """The rows that are there, so that a made one can be refused with its reason, or taken in."""

    def __init__(
        self, rows: Iterable[tuple[str, str | None]], holdout: Iterable[str], validation: Iterable[str]
    ) -> None:
        self.seen = {_key(text, answer) for text, answer in rows}
        self.holdout, self.validation = LikeTexts(holdout), LikeTexts(validation)

    def refusal(self, text: str, answer: str | None) -> str | None:
        """`empty`, `duplicate`, `copies_holdout`, `copies_validation`, or None for a row that may come in."""
        if not bare_form(text):
            return "empty"
        if _key(text, answer) in self.seen:
            return "duplicate"
        if self.holdout.has_like(text):
            return "copies_holdout"
        return "copies_validation" if self.validation.has_like(text) else None

    def take_in(self, text: str, answer: str | None) -> None:
        """Remember a row that has come in."""
        self.seen.add(_key(text, answer))


def _key(text: str, answer: str | None) -> bytes:
    """A digest, which takes less memory than the texts of a million rows."""
    content = same_text_form(text) + ("" if answer is None else f"\0{same_text_form(answer)}")
    return hashlib.blake2b(content.encode(errors="surrogatepass"), digest_size=16).digest()


@functools.lru_cache(maxsize=4096)
def _grams(form: str) -> frozenset[str]:
    return frozenset(form[start : start + GRAM] for start in range(max(1, len(form) - GRAM + 1)))


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)
