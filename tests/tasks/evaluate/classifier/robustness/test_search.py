"""A search finds the change that breaks an answer, within its words and questions, and takes none that is too far."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tasks.evaluate.classifier.robustness.search import Hunt, SearchLimits, search

TEXTS = ["my card was lost today and i want a new one", "please send a card", "i lost my keys and the wallet"]


class Keywords:
    """Answers 0 as strongly as a text holds the words, and 1 with a fixed logit; it counts what it is asked."""

    labels: tuple[str, ...] = ("card", "other")
    temperature = 1.0

    def __init__(self, **weights: float) -> None:
        self.weights = weights
        self.asked: list[str] = []

    def logits(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float32]:
        self.asked += texts
        found = [[sum(self.weights.get(word, 0) for word in text.lower().split()), 1.0] for text in texts]
        return np.array(found, dtype=np.float32)

    def probabilities(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float32]:
        return self.logits(texts)


def other_words(_number: int, word: str) -> list[str]:
    return [f"{word}s", f"{word}ed", f"{word}x"]


def everything(pairs: Sequence[tuple[int, str]]) -> npt.NDArray[np.bool_]:
    return np.ones(len(pairs), dtype=bool)


def searched(classifier: Keywords, share: float = 0.2, queries: int = 200, allowed: object = everything) -> list[Hunt]:
    limits = SearchLimits(share, queries)
    return search(classifier, TEXTS, [0] * len(TEXTS), other_words, allowed, limits)  # type: ignore[arg-type]


def test_the_word_that_matters_is_the_first_to_go() -> None:
    hunts = searched(Keywords(card=3, lost=2))
    assert [hunt.broken for hunt in hunts] == [True, True, True]
    assert hunts[1].text in {"please send a cards", "please send a carded", "please send a cardx"}
    assert hunts[2].text.split()[1] != "lost"
    changed = [word for word, before in zip(hunts[0].text.split(), TEXTS[0].split(), strict=True) if word != before]
    assert len(changed) == 2


def test_no_more_words_are_changed_than_their_share_and_always_one() -> None:
    assert [hunt.broken for hunt in searched(Keywords(card=3, lost=2), share=0.1)] == [False, True, True]


def test_a_row_gets_no_more_questions_than_are_stated() -> None:
    classifier = Keywords(card=3, lost=2, my=2, i=2, please=2, and_=2)
    hunts = searched(classifier, share=1.0, queries=9)
    assert max(hunt.queries for hunt in hunts) <= 9
    assert len(classifier.asked) == len(TEXTS) + sum(hunt.queries for hunt in hunts)


def test_a_change_that_is_not_allowed_is_passed_over_for_the_next() -> None:
    def no_plurals(pairs: Sequence[tuple[int, str]]) -> npt.NDArray[np.bool_]:
        return np.array(["cardx" in text for _, text in pairs])

    hunts = searched(Keywords(card=3, cards=-9, carded=-9), allowed=no_plurals)
    assert hunts[1].text == "please send a cardx"
    assert not searched(Keywords(card=3), allowed=lambda pairs: np.zeros(len(pairs), dtype=bool))[1].broken


def test_an_answer_that_no_word_moves_is_not_broken() -> None:
    class Constant(Keywords):
        def logits(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float32]:
            return np.tile(np.array([2.0, 1.0], dtype=np.float32), (len(texts), 1))

    hunts = searched(Constant())
    assert [hunt.broken for hunt in hunts] == [False] * 3
    assert [hunt.text for hunt in hunts] == TEXTS


def test_words_that_have_no_candidates_cost_no_questions() -> None:
    classifier = Keywords(card=3)
    hunts = search(classifier, TEXTS, [0] * 3, lambda _, word: [], everything, SearchLimits(0.5, 50))
    assert [hunt.queries for hunt in hunts] == [0, 0, 0]
