"""Greedy search for a text near a row's own that gets a wrong answer, with nothing but questions to the classifier.

First each word is left out in turn, to see which matter; then the words that matter most are changed one by one, each
to whatever lowers the right label's lead most, until the answer is wrong, or the words or questions that a row may use
are spent (Jin et al. 2020, "Is BERT really robust?", arXiv:1907.11932; Gao et al. 2018, arXiv:1801.04354). All rows
move in step, so that the classifier is asked many texts at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tasks.evaluate.classifier.answers import Classifier
from tasks.metrics.calibration import Floats

WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W\d_]+)*")
Candidates = Callable[[int, str], Sequence[str]]
"""From a row's number and a word to what may stand in its place, the likeliest to work first."""
Allowed = Callable[[Sequence[tuple[int, str]]], npt.NDArray[np.bool_]]
"""From pairs of a row's number and a changed text to whether it still is near enough, of shape (pairs,)."""


@dataclass(frozen=True)
class SearchLimits:
    """What a search may use on one row."""

    most_words_changed: float
    """Share of the text's words; always at least one word."""
    queries: int
    """Questions to the classifier."""


@dataclass
class Hunt:
    """The search on one row, as far as it has come."""

    number: int
    label: int
    text: str
    words: list[tuple[int, int]]
    """Start and end of each word of the text as it is now."""
    changes_left: int
    lead: float
    """The right label's logit less the likeliest wrong one's."""
    order: list[int] = field(default_factory=list)
    """Places of the words that are still to be tried, the most important first."""
    queries: int = 0
    broken: bool = False

    def with_word(self, place: int, word: str) -> str:
        """The text with another word at a place; with none, the space after it goes too."""
        start, end = self.words[place]
        return self.text[:start] + word + (self.text[end:] if word else self.text[end:].removeprefix(" "))

    def accept(self, text: str, place: int) -> None:
        """Go on from a text that has another word at `place`."""
        longer = len(text) - len(self.text)
        start, end = self.words[place]
        moved = [(first + longer, last + longer) for first, last in self.words[place + 1 :]]
        self.words = [*self.words[:place], (start, end + longer), *moved]
        self.text, self.changes_left = text, self.changes_left - 1


def search(
    classifier: Classifier,
    texts: Sequence[str],
    labels: Sequence[int],
    candidates: Candidates,
    allowed: Allowed,
    limits: SearchLimits,
) -> list[Hunt]:
    """Search for each of `texts`, all answered rightly by `labels` (indices of the classifier's), and say how it went.

    A candidate text counts only where `allowed` takes it.
    """
    leads = _leads(classifier, list(texts), list(labels))
    hunts = []
    for number, (text, label, lead) in enumerate(zip(texts, labels, leads, strict=True)):
        words = [match.span() for match in WORD.finditer(text)]
        changes = max(1, int(limits.most_words_changed * len(words)))
        hunts.append(Hunt(number, label, text, words, changes, float(lead)))
    _rank_words(classifier, hunts, candidates, limits)
    while going := [hunt for hunt in hunts if hunt.order and hunt.changes_left and not hunt.broken]:
        _advance(classifier, going, candidates, allowed, limits)
    return hunts


def _rank_words(classifier: Classifier, hunts: Sequence[Hunt], candidates: Candidates, limits: SearchLimits) -> None:
    """Order the words that have candidates by how far the right label's lead falls without them.

    Half of a row's questions at most go into this; of a long text the words after that stay untried.
    """
    asked: list[tuple[Hunt, int]] = []
    for hunt in hunts:
        places = [
            place for place, (start, end) in enumerate(hunt.words) if candidates(hunt.number, hunt.text[start:end])
        ]
        hunt.order = places[: limits.queries // 2]
        hunt.queries += len(hunt.order) if len(hunt.order) > 1 else 0
        asked += [(hunt, place) for place in hunt.order if len(hunt.order) > 1]
    leads = _leads(classifier, [hunt.with_word(place, "") for hunt, place in asked], [hunt.label for hunt, _ in asked])
    found = {(hunt.number, place): lead for (hunt, place), lead in zip(asked, leads, strict=True)}
    for hunt in hunts:
        hunt.order.sort(key=lambda place: found.get((hunt.number, place), 0.0))


def _advance(
    classifier: Classifier, hunts: Sequence[Hunt], candidates: Candidates, allowed: Allowed, limits: SearchLimits
) -> None:
    """Try the candidates of each row's next word, and go on from the best one that is allowed and helps."""
    asked: list[tuple[Hunt, str]] = []
    places = {}
    for hunt in hunts:
        place = places[hunt.number] = hunt.order.pop(0)
        start, end = hunt.words[place]
        words = candidates(hunt.number, hunt.text[start:end])[: limits.queries - hunt.queries]
        hunt.queries += len(words)
        if hunt.queries >= limits.queries:
            hunt.order.clear()
        asked += [(hunt, hunt.with_word(place, word)) for word in words]
    leads = _leads(classifier, [text for _, text in asked], [hunt.label for hunt, _ in asked])
    better: dict[int, list[tuple[float, str]]] = {hunt.number: [] for hunt in hunts}
    for (hunt, text), lead in zip(asked, leads, strict=True):
        if lead < hunt.lead:
            better[hunt.number].append((float(lead), text))
    _accept_best(hunts, {number: sorted(found) for number, found in better.items()}, places, allowed)


def _accept_best(
    hunts: Sequence[Hunt], better: dict[int, list[tuple[float, str]]], places: dict[int, int], allowed: Allowed
) -> None:
    """Of each row take the first text that is allowed: the best are looked at first, and the next where they fail."""
    waiting = [hunt for hunt in hunts if better[hunt.number]]
    while waiting:
        best = [better[hunt.number].pop(0) for hunt in waiting]
        near = allowed([(hunt.number, text) for hunt, (_, text) in zip(waiting, best, strict=True)])
        refused = []
        for hunt, (lead, text), is_near in zip(waiting, best, near, strict=True):
            if is_near:
                hunt.accept(text, places[hunt.number])
                hunt.lead, hunt.broken = lead, lead < 0
            elif better[hunt.number]:
                refused.append(hunt)
        waiting = refused


def _leads(classifier: Classifier, texts: list[str], labels: list[int]) -> Floats:
    """The right label's logit less the likeliest wrong one's, of shape (texts,): below 0 where the answer is wrong."""
    if not texts:
        return np.empty(0)
    logits = classifier.logits(texts).astype(np.float64)
    rows = np.arange(len(texts))
    right = logits[rows, labels].copy()
    logits[rows, labels] = -np.inf
    leads: Floats = right - logits.max(axis=1)
    return leads
