"""A classifier in front of which nobody asks twice answers as it would have."""

from __future__ import annotations

from tasks.evaluate.classifier.robustness.remembered import Remembered
from tests.tasks.evaluate.classifier.robustness.test_search import TEXTS, Keywords


def test_a_text_is_asked_about_once_and_answered_the_same() -> None:
    classifier = Keywords(card=3)
    remembered = Remembered(classifier)
    first = remembered.logits([TEXTS[1], TEXTS[0], TEXTS[1]])
    assert (first == classifier.logits([TEXTS[1], TEXTS[0], TEXTS[1]])).all()
    classifier.asked.clear()
    assert (remembered.logits([TEXTS[0], TEXTS[2]])[0] == first[1]).all()
    assert classifier.asked == [TEXTS[2]]
