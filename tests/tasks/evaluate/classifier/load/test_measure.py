"""The served form is timed from cold, by length of text, and with several callers at once."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from tasks.evaluate.classifier.load.measure import cold_starts, texts_of_length, under_load
from tasks.models.tokens import TextTokenizer
from tests.tasks.evaluate.classifier.known_classifier import KnownClassifier, make_holdout
from tests.tasks.models.tiny_model import make_base_model

ROWS = make_holdout(60)


class Slow(KnownClassifier):
    """Takes five milliseconds, and knows how many asked at the same time."""

    def __init__(self) -> None:
        super().__init__(ROWS)
        self.lock, self.inside, self.most = threading.Lock(), 0, 0

    def probabilities(self, texts: list[str], batch_size: int = 64) -> Any:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(0.005)
        with self.lock:
            self.inside -= 1
        return super().probabilities(texts)


def test_callers_ask_at_the_same_time_and_every_request_is_timed() -> None:
    for callers in (1, 3):
        classifier = Slow()
        milliseconds, per_second = under_load(classifier, ROWS["text"].tolist(), callers, 80)
        assert len(milliseconds) == 80
        assert milliseconds.min() >= 5
        assert classifier.most == callers
        assert per_second <= callers * 200


def test_a_cold_start_counts_the_loading_and_the_first_answer() -> None:
    def load() -> Slow:
        time.sleep(0.01)
        return Slow()

    milliseconds = cold_starts(load, ROWS["text"][0], 3)
    assert len(milliseconds) == 3
    assert milliseconds.min() >= 15


def test_texts_have_the_length_asked_for_and_none_is_longer_than_the_model_takes(tmp_path: Path) -> None:
    tokenizer = TextTokenizer.load(make_base_model(tmp_path / "base"), 24)
    words = ["where", "is", "my", "refund", "and", "when", "does", "the", "card", "arrive"]
    texts = list(texts_of_length(tokenizer, words, (8, 24, 96)))
    assert [length for length, _ in texts] == [8, 24]
    for length, text in texts:
        assert length - 6 <= len(tokenizer.encode([text])[0]) <= length
