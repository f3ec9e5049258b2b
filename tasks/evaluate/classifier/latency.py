"""How long one request takes: tokenisation, the exported model and the softmax, one row at a time as when serving."""

from __future__ import annotations

import time

import numpy as np

from tasks.evaluate.classifier.answers import Classifier
from tasks.metrics.calibration import Floats
from tasks.metrics.intervals import percentile_interval, values_needed
from tasks.records import Measurement

WARM_UP_REQUESTS = 25


def time_requests(classifier: Classifier, texts: list[str], requests: int, confidence: float, seed: int) -> Floats:
    """Milliseconds of each of `requests` single-row requests, or of as many as the p99's interval needs.

    Texts are drawn evenly: none comes a second time before all came once. The first requests, which pay for memory
    and caches, are not counted; the longest text is among them.
    """
    count = max(requests, values_needed(0.99, confidence))
    draw = np.random.default_rng(seed)
    rounds = [draw.permutation(len(texts)) for _ in range(-(-count // len(texts)))]
    order = np.concatenate(rounds)[:count]
    for index in order[:WARM_UP_REQUESTS]:
        classifier.probabilities([texts[index]])
    classifier.probabilities([max(texts, key=len)])
    return np.array([_milliseconds(classifier, texts[index]) for index in order])


def latency_metrics(milliseconds: Floats, confidence: float) -> dict[str, Measurement]:
    """Median and 99th percentile with their intervals."""
    return {
        "p50_milliseconds": percentile_interval(milliseconds, 0.50, confidence),
        "p99_milliseconds": percentile_interval(milliseconds, 0.99, confidence),
    }


def _milliseconds(classifier: Classifier, text: str) -> float:
    start = time.perf_counter_ns()
    classifier.probabilities([text])
    return (time.perf_counter_ns() - start) / 1e6
