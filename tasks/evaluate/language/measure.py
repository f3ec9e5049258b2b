"""All figures of one language model on one holdout, each with its interval."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.language.answers import SCORES, Floats, Speaker, answers_of
from tasks.evaluate.language.mean_score import mean_score
from tasks.metrics.intervals import percentile_interval, share_interval
from tasks.metrics.mean_intervals import ratio_interval
from tasks.records import Measurement

GROUP_METRIC = "token_f1."
WARM_UP_ANSWERS = 3
PERCENTILES = {"p50_milliseconds": 0.50, "p95_milliseconds": 0.95, "p99_milliseconds": 0.99}


@dataclass(frozen=True)
class Timed:
    """How long single answers took, from text to text; arrays of shape (answers,)."""

    milliseconds: Floats
    tokens: Floats
    """New tokens of each answer, with the one that ended it."""


def measure_language_model(
    model: Speaker, holdout: pd.DataFrame, config: EvaluationConfig
) -> tuple[pd.DataFrame, Timed, dict[str, Measurement]]:
    """The answers row by row (see `answers_of`), the timed ones, and the figures by name.

    Raises UserInputError where the holdout has no rows, or a row has no answer.
    """
    answers = answers_of(model, holdout, config)
    timed = time_answers(model, holdout["text"].astype(str).tolist(), config)
    figures = {**loss_metrics(answers, config), **answer_metrics(answers, config)}
    return answers, timed, {**figures, **speed_metrics(timed, config), **group_metrics(answers, config)}


def loss_metrics(answers: pd.DataFrame, config: EvaluationConfig) -> dict[str, Measurement]:
    """`answer_loss` in nats a token over all rows, `perplexity`, its exponential, and `preference_accuracy`.

    The last is the share of pairs in which the wanted answer is likelier, token by token, than the rejected one; it is
    there where rows have a rejected answer.
    """
    nats = -answers["answer_log_probability"].to_numpy(dtype=np.float64)
    tokens = answers["answer_tokens"].to_numpy(dtype=np.float64)
    loss = ratio_interval(
        nats, tokens, samples=config.bootstrap_samples, confidence=config.confidence, seed=config.seed
    )
    found = {"answer_loss": loss, "perplexity": _exponential(loss)}
    preferred = answers["preferred"].dropna()
    if len(preferred):
        found["preference_accuracy"] = share_interval(int(preferred.sum()), len(preferred), config.confidence)
    return found


def answer_metrics(answers: pd.DataFrame, config: EvaluationConfig) -> dict[str, Measurement]:
    """Of the rows that were answered: SCORES, `json_validity` where JSON is asked for, and the share cut off."""
    rows = answers[answers["generated"].notna()]
    found = {name: mean_score(rows[name], config) for name in SCORES}
    asked = rows["json_valid"].dropna()
    if len(asked):
        found["json_validity"] = share_interval(int(asked.sum()), len(asked), config.confidence)
    found["cut_answers"] = share_interval(int(rows["cut"].sum()), len(rows), config.confidence)
    return found


def group_metrics(answers: pd.DataFrame, config: EvaluationConfig) -> dict[str, Measurement]:
    """`token_f1.<group>` of each group of which a row was answered; nothing where no row has a group."""
    rows = answers[answers["generated"].notna() & answers["group"].notna()]
    return {f"{GROUP_METRIC}{group}": mean_score(part["token_f1"], config) for group, part in rows.groupby("group")}


def time_answers(model: Speaker, texts: Sequence[str], config: EvaluationConfig) -> Timed:
    """Time single answers to texts drawn evenly; the first few, which pay for memory and caches, are not counted."""
    draw = np.random.default_rng(config.seed)
    rounds = [draw.permutation(len(texts)) for _ in range(-(-config.timed_answers // len(texts)))]
    order = np.concatenate(rounds)[: config.timed_answers]
    for index in order[:WARM_UP_ANSWERS]:
        _timed(model, texts[index], config.max_answer_tokens)
    found = np.array([_timed(model, texts[index], config.max_answer_tokens) for index in order])
    return Timed(milliseconds=found[:, 0], tokens=found[:, 1])


def speed_metrics(timed: Timed, config: EvaluationConfig) -> dict[str, Measurement]:
    """Median, 95th and 99th percentile of an answer's milliseconds, and new tokens a second over all timed answers."""
    percentiles = {
        name: percentile_interval(timed.milliseconds, share, config.confidence) for name, share in PERCENTILES.items()
    }
    throughput = ratio_interval(
        timed.tokens,
        timed.milliseconds / 1000,
        samples=config.bootstrap_samples,
        confidence=config.confidence,
        seed=config.seed,
    )
    return {**percentiles, "new_tokens_per_second": throughput}


def _timed(model: Speaker, text: str, most_tokens: int) -> tuple[float, float]:
    start = time.perf_counter_ns()
    tokens = model.generate_tokens([text], max_new_tokens=most_tokens)[0][0]
    model.decoded(tokens)
    return (time.perf_counter_ns() - start) / 1e6, float(len(tokens))


def _exponential(loss: Measurement) -> Measurement:
    low, high = (None if end is None else float(np.exp(end)) for end in (loss.low, loss.high))
    return Measurement(value=float(np.exp(loss.value)), low=low, high=high)
