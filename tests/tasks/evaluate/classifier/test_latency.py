"""Requests are single rows of the holdout, evenly drawn, after a warm-up; slowness shows in the percentiles."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import numpy as np

from tasks.evaluate.classifier.latency import WARM_UP_REQUESTS, latency_metrics, time_requests
from tests.tasks.evaluate.classifier.known_classifier import KnownClassifier, make_holdout


def test_requests_are_single_rows_and_no_text_comes_again_before_all_came() -> None:
    holdout = make_holdout(150)
    classifier = KnownClassifier(holdout)
    milliseconds = time_requests(classifier, holdout["text"].tolist(), 400, 0.95, 0)
    assert len(milliseconds) == 400
    assert {len(texts) for texts in classifier.asked} == {1}
    timed = Counter(texts[0] for texts in classifier.asked[WARM_UP_REQUESTS + 1 :])
    assert sum(timed.values()) == 400
    assert set(timed.values()) == {2, 3}


def test_the_longest_text_is_among_the_warm_up() -> None:
    holdout = make_holdout(400)
    classifier = KnownClassifier(holdout)
    time_requests(classifier, holdout["text"].tolist(), 400, 0.95, 0)
    assert classifier.asked[WARM_UP_REQUESTS] == [max(holdout["text"], key=len)]


def test_as_many_requests_are_timed_as_the_interval_needs() -> None:
    holdout = make_holdout(30)
    milliseconds = time_requests(KnownClassifier(holdout), holdout["text"].tolist(), 100, 0.95, 0)
    assert len(milliseconds) == 368
    assert latency_metrics(milliseconds, 0.95)["p99_milliseconds"].high is not None


def test_the_same_seed_asks_the_same_texts() -> None:
    holdout = make_holdout(400)
    asked = []
    for seed in (1, 1, 2):
        classifier = KnownClassifier(holdout)
        time_requests(classifier, holdout["text"].tolist(), 368, 0.95, seed)
        asked.append(classifier.asked)
    assert asked[0] == asked[1] != asked[2]


def test_a_slow_answer_is_timed_whole() -> None:
    class Slow(KnownClassifier):
        def probabilities(self, texts: list[str], batch_size: int = 64) -> Any:
            time.sleep(0.002)
            return super().probabilities(texts)

    holdout = make_holdout(30)
    assert time_requests(Slow(holdout), holdout["text"].tolist(), 100, 0.95, 0).min() >= 2


def test_the_percentiles_have_intervals_about_them() -> None:
    metrics = latency_metrics(np.arange(1.0, 1001.0), 0.95)
    assert metrics["p50_milliseconds"].value == 500
    assert metrics["p99_milliseconds"].value == 990
    assert (metrics["p99_milliseconds"].low, metrics["p99_milliseconds"].high) == (983, 997)
