"""Typos come as often as is stated, and what they cost is counted row by row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tasks.evaluate.classifier.robustness.typos import right_with_typos, with_typos

TEXT = "Please transfer 1000 to my savings account, not to the joint one!"


def test_no_word_changes_at_a_rate_of_0_and_every_long_one_at_1() -> None:
    assert with_typos(TEXT, 0.0, np.random.default_rng(0)) == TEXT
    changed = with_typos(TEXT, 1.0, np.random.default_rng(0)).split()
    same = [one == other for one, other in zip(changed, TEXT.split(), strict=True)]
    assert same == [False, False, True, True, True, False, False, True, True, True, False, True]


def test_about_as_many_words_change_as_the_rate_says() -> None:
    text = " ".join(["payment"] * 4000)
    changed = with_typos(text, 0.1, np.random.default_rng(0)).split()
    assert 320 < sum(word != "payment" for word in changed) < 480


def test_a_row_counts_by_the_share_of_draws_in_which_it_is_right() -> None:
    class Reads:
        labels: tuple[str, ...] = ("card", "other")
        temperature = 1.0

        def logits(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float32]:
            return np.array([[float("card" in text), 0.5] for text in texts], dtype=np.float32)

        def probabilities(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float32]:
            return self.logits(texts)

    labels = np.array([0, 1, -1])
    texts = ["my card", "the bag", "my card"]
    assert right_with_typos(Reads(), texts, labels, 1.0, 4, 0).tolist() == [0, 1, 0]
    assert right_with_typos(Reads(), texts, labels, 0.0, 4, 0).tolist() == [1, 1, 0]
    half = right_with_typos(Reads(), texts, labels, 0.5, 400, 0)
    assert 0.4 < half[0] < 0.6
