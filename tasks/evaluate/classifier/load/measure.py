"""How long the served form takes from cold, for texts of several lengths, and with several callers at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

import numpy as np
import pandas as pd

from tasks.evaluate.classifier.answers import Classifier
from tasks.evaluate.classifier.load.config import LoadConfig
from tasks.evaluate.classifier.subject import Subject
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.room import Found
from tasks.metrics.calibration import Floats
from tasks.metrics.intervals import percentile_interval
from tasks.models.onnx_classifier import OnnxClassifier
from tasks.models.tokens import TextTokenizer
from tasks.records import Measurement

WARM_UP = 10
COLUMNS = ("condition", "setting", "requests", "p50", "p50_low", "p50_high", "p95", "p95_low", "p95_high", "per_second")


def measure_load(subject: Subject, config: LoadConfig, evaluation: EvaluationConfig) -> Found:
    """`cold_start_milliseconds`, and a row a condition: `tokens` long, or so many `callers`; times in milliseconds.

    The interval of the cold start is the range of all that were timed.
    """
    texts = subject.holdout["text"].tolist()
    cold = cold_starts(lambda: OnnxClassifier.load(subject.model_folder), max(texts, key=len), config.cold_starts)
    metrics = {"cold_start_milliseconds": _range(cold)}
    words = [word for text in texts for word in text.split()]
    rows = []
    for tokens, text in texts_of_length(subject.trained.tokenizer, words, config.tokens):
        timed = under_load(subject.classifier, [text], 1, config.requests)
        rows.append(_row("tokens", tokens, *timed, evaluation))
    order = np.random.default_rng(evaluation.seed).permutation(len(texts))
    drawn = list(islice(cycle([texts[index] for index in order]), config.requests))
    for callers in config.concurrencies:
        timed = under_load(subject.classifier, drawn, callers, config.requests)
        rows.append(_row("callers", callers, *timed, evaluation))
    return Found(metrics, pd.DataFrame(rows, columns=list(COLUMNS)))


def cold_starts(load: Callable[[], Classifier], text: str, times: int) -> Floats:
    """Milliseconds of loading the model and answering one request, `times` over; files may be in the disk's cache."""
    found = []
    for _ in range(times):
        start = time.perf_counter_ns()
        load().probabilities([text])
        found.append((time.perf_counter_ns() - start) / 1e6)
    return np.array(found)


def texts_of_length(tokenizer: TextTokenizer, words: list[str], lengths: tuple[int, ...]) -> Iterator[tuple[int, str]]:
    """For each length that the model takes, a text of the rows' own words with so many tokens, or hardly fewer."""
    for length in sorted({length for length in lengths if length <= tokenizer.max_tokens}):
        chosen: list[str] = []
        for word in cycle(words):
            if len(tokenizer.encode([" ".join([*chosen, word])])[0]) > length or len(chosen) == length:
                break
            chosen.append(word)
        yield length, " ".join(chosen)


def under_load(classifier: Classifier, texts: list[str], callers: int, requests: int) -> tuple[Floats, float]:
    """Milliseconds of each of `requests` single-row requests by so many callers, and requests answered a second.

    Callers are threads of this process; the served form works outside Python's lock.
    """

    def timed(text: str) -> float:
        start = time.perf_counter_ns()
        classifier.probabilities([text])
        return (time.perf_counter_ns() - start) / 1e6

    asked = list(islice(cycle(texts), requests))
    for text in asked[:WARM_UP]:
        timed(text)
    with ThreadPoolExecutor(callers) as pool:
        start = time.perf_counter()
        milliseconds = np.array(list(pool.map(timed, asked)))
        seconds = time.perf_counter() - start
    return milliseconds, requests / seconds


def _row(
    condition: str, setting: int, milliseconds: Floats, per_second: float, evaluation: EvaluationConfig
) -> dict[str, float | str]:
    row: dict[str, float | str] = {"condition": condition, "setting": setting, "requests": len(milliseconds)}
    for name, share in (("p50", 0.50), ("p95", 0.95)):
        measured = percentile_interval(milliseconds, share, evaluation.confidence)
        ends = [np.nan if end is None else end for end in (measured.low, measured.high)]
        row |= {name: measured.value, f"{name}_low": ends[0], f"{name}_high": ends[1]}
    return {**row, "per_second": per_second}


def _range(values: Floats) -> Measurement:
    return Measurement(value=float(np.median(values)), low=float(values.min()), high=float(values.max()))
