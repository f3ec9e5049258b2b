"""A text must stay near in meaning, whatever others are read with it."""

from __future__ import annotations

from tasks.embeddings.encoder import embed
from tasks.evaluate.classifier.robustness.meaning import Meaning

ONE = "my card was stolen"
OTHERS = ["my cards were stolen", "my card was delivered", "i want my money back, which somebody took from my account"]


def test_a_text_of_another_meaning_is_not_near() -> None:
    meaning = Meaning()
    assert meaning.near([ONE] * 3, OTHERS, 0.9).tolist() == [True, False, False]
    assert meaning.near([], [], 0.9).tolist() == []
    assert meaning.near([ONE], OTHERS[:1], 0.9).tolist() == [True], "read before"


def test_the_cosine_is_the_one_of_the_embeddings() -> None:
    meaning, (one, *others) = Meaning(), embed([ONE, *OTHERS])
    for text, vector in zip(OTHERS, others, strict=True):
        cosine = float(one @ vector)
        assert meaning.near([ONE], [text], cosine - 0.002).all()
        assert not meaning.near([ONE], [text], cosine + 0.002).any()
