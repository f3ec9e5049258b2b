"""All figures of one model on one holdout, each with its interval."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tasks.evaluate.classifier.answers import Answers, Classifier, answer
from tasks.evaluate.classifier.latency import latency_metrics, time_requests
from tasks.evaluate.config import EvaluationConfig
from tasks.metrics.calibration import Floats
from tasks.metrics.calibration_interval import calibration_error_interval
from tasks.metrics.calibration_unbiased import FEWEST_IN_BIN, debiased_calibration_error
from tasks.metrics.classification import label_table
from tasks.metrics.intervals import score_intervals, share_interval
from tasks.metrics.selective import accuracy_at_coverage, area_under_risk, coverage_at_accuracy
from tasks.records import Measurement

GROUP_METRIC = "accuracy."


def measure(
    classifier: Classifier, holdout: pd.DataFrame, config: EvaluationConfig
) -> tuple[Answers, Floats, dict[str, Measurement]]:
    """What the classifier answered, the milliseconds of each timed request, and the figures by name.

    Raises UserInputError where the holdout has no rows, or a row has no label.
    """
    answers = answer(classifier, holdout)
    texts = holdout["text"].tolist()
    milliseconds = time_requests(classifier, texts, config.latency_requests, config.confidence, config.seed)
    latencies = latency_metrics(milliseconds, config.confidence)
    return answers, milliseconds, {**quality_metrics(answers, config), **latencies, **group_metrics(answers, config)}


def quality_metrics(answers: Answers, config: EvaluationConfig) -> dict[str, Measurement]:
    """`mcc`, `f1_macro`, `accuracy`, and the calibration error with the temperature (`ece`) and without it.

    And what the confidences are good for: `ece_debiased`, `area_under_risk`, `accuracy_at_80_coverage` and
    `coverage_at_95_accuracy`.
    """
    resampling = {"samples": config.bootstrap_samples, "seed": config.seed}
    scores = score_intervals(
        answers.labels, answers.predicted, len(answers.names), confidence=config.confidence, **resampling
    )
    stated = {"ece": answers.confidence, "ece_uncalibrated": answers.confidence_uncalibrated}
    errors = {
        name: calibration_error_interval(
            values, answers.correct, config.ece_bins, confidence=config.confidence, **resampling
        )
        for name, values in stated.items()
    }
    return {**scores, **errors, **_by_confidence(answers, config)}


def _by_confidence(answers: Answers, config: EvaluationConfig) -> dict[str, Measurement]:
    """What the confidences are good for: the error of calibration without its bias, and answers by the surest first."""
    stated, correct = answers.confidence, answers.correct
    resampling: dict[str, Any] = {
        "samples": config.bootstrap_samples,
        "confidence": config.confidence,
        "seed": config.seed,
    }
    found = {
        "area_under_risk": area_under_risk(stated, correct, **resampling),
        "accuracy_at_80_coverage": accuracy_at_coverage(stated, correct, 0.80, config.confidence).accuracy,
        "coverage_at_95_accuracy": coverage_at_accuracy(stated, correct, 0.95, config.confidence),
    }
    if len(correct) >= FEWEST_IN_BIN:
        found["ece_debiased"] = debiased_calibration_error(stated, correct, config.ece_bins, **resampling)
    return found


def group_metrics(answers: Answers, config: EvaluationConfig) -> dict[str, Measurement]:
    """`accuracy.<group>` with its exact interval; nothing where no row has a group."""
    found = {}
    for group in sorted({str(group) for group in answers.groups if group is not None}):
        correct = answers.correct[answers.groups == group]
        found[f"{GROUP_METRIC}{group}"] = share_interval(int(correct.sum()), len(correct), config.confidence)
    return found


def by_label(answers: Answers, confidence: float) -> pd.DataFrame:
    """A row a label: precision, recall and F1 with their exact intervals, and support; empty where nothing is known.

    F1 rises with the share of right answers among the rows that have the label or were given it, so its interval
    follows from that share's.
    """
    table = label_table(answers.labels, answers.predicted, len(answers.names))
    rows = []
    for index, name in enumerate(answers.names):
        own, given = answers.labels == index, answers.predicted == index
        hits = int((own & given).sum())
        row: dict[str, object] = {"label": name}
        for measure, among in (("precision", given), ("recall", own), ("f1", own | given)):
            value, interval = getattr(table, measure)[index], _interval(hits, int(among.sum()), confidence)
            ends = [2 * end / (1 + end) for end in interval] if measure == "f1" else interval
            row |= {measure: value, f"{measure}_low": ends[0], f"{measure}_high": ends[1]}
        rows.append({**row, "support": int(table.support[index])})
    return pd.DataFrame(rows)


def _interval(count: int, rows: int, confidence: float) -> list[float]:
    if rows == 0:
        return [float("nan"), float("nan")]
    share = share_interval(count, rows, confidence)
    return [float("nan") if end is None else end for end in (share.low, share.high)]
