"""Quality held under drift: curves of accuracy against the strength of each shift, and the largest loss.

Two shifts move the shares of the labels and need no new answers: towards drawn mixtures (`prior_shift`), and to the
worst mixture within a divergence (`worst_prior`), which is a bound and no forecast. Two change the texts, which are
then answered again: new words and another style. What a label means may drift too; no model can hold against that, and
it is not simulated: `worst_prior` says what it costs where rare and weak labels become frequent. Where rows have dates,
the drift that has happened stands beside the simulated ones (`over_time`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.evaluate.classifier.answers import Answers
from tasks.evaluate.classifier.drift.answered import TextShift, answered_again, drawn_rows, shifted, text_shifts
from tasks.evaluate.classifier.drift.config import DriftConfig
from tasks.evaluate.classifier.drift.curve import COLUMNS, Curve, plain_point, scored_point
from tasks.evaluate.classifier.drift.label_mixtures import (
    OfRecalls,
    Recalls,
    drawn_mixtures,
    effective_rows,
    kept_in,
    mcc_under,
    moved,
    recalls_of,
    worst_mixture,
    worst_within,
)
from tasks.evaluate.classifier.drift.over_time import curve_over_time
from tasks.evaluate.classifier.subject import Subject
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.room import Found
from tasks.metrics.calibration import Floats, Integers
from tasks.metrics.intervals import paired_difference
from tasks.records import Measurement

METRICS = {
    "prior_shift": "accuracy_under_prior_shift",
    "worst_prior": "accuracy_worst_prior",
    "new_words": "accuracy_under_new_words",
    "style_shift": "accuracy_under_style_shift",
    "over_time": "accuracy_of_newer_rows",
}
"""The metric of each shift at the judged strength; of `over_time` only where rows have dates."""


def measure_drift(subject: Subject, config: DriftConfig, evaluation: EvaluationConfig) -> Found:
    """Accuracy under each shift at the judged strength, `accuracy_lost_to_drift`, and a table with COLUMNS.

    The largest loss is one of several, so each is given the interval of 1 - (1 - confidence) / shifts (Bonferroni);
    all of them hold together, and the largest loss lies between the largest low and the largest high end.
    """
    shifts = text_shifts(subject, config)
    each = 1 - (1 - evaluation.confidence) / len(METRICS)
    curves = _mixture_curves(subject.answers, config, evaluation, each)
    places = drawn_rows(len(subject.holdout), config, evaluation.seed)
    for name, shift in shifts.items():
        curves[name] = _text_curve(subject, name, shift, places, config, evaluation, each)
    over_time = curve_over_time(subject.answers, subject.holdout["date"], evaluation, each)
    if over_time is not None:
        curves["over_time"] = over_time
    losses = [curve.loss for curve in curves.values()]
    metrics = {METRICS[name]: curve.judged for name, curve in curves.items()}
    metrics["accuracy_lost_to_drift"] = Measurement(
        value=max(loss.value for loss in losses),
        low=max(-1.0 if loss.low is None else loss.low for loss in losses),
        high=max(1.0 if loss.high is None else loss.high for loss in losses),
    )
    rows = [{"judged": False, **point} for curve in curves.values() for point in curve.points]
    return Found(metrics, pd.DataFrame(rows, columns=list(COLUMNS)))


def _mixture_curves(
    answers: Answers, config: DriftConfig, evaluation: EvaluationConfig, each: float
) -> dict[str, Curve]:
    recalls = recalls_of(answers.labels, answers.correct, samples=evaluation.bootstrap_samples, seed=evaluation.seed)
    targets = drawn_mixtures(len(recalls.labels), config.drawn_mixtures, evaluation.seed)
    start = {name: [_unshifted(name, answers, None, evaluation)] for name in ("prior_shift", "worst_prior")}
    judged: dict[str, tuple[Measurement, Measurement]] = {}
    for strength in config.strengths:
        mixtures = moved(recalls.shares, targets, strength)
        nats = strength * config.largest_divergence
        worst = worst_mixture(recalls.shares, recalls.drawn.mean(axis=0, keepdims=True), nats)
        cases: dict[str, tuple[OfRecalls, Floats]] = {
            "prior_shift": (kept_in(mixtures, config.kept_in_mixtures), mixtures),
            "worst_prior": (worst_within(recalls.shares, nats), worst),
        }
        for name, (of, weighted) in cases.items():
            accuracy = recalls.accuracy(of, evaluation.confidence)
            point = _weighted(name, strength, accuracy, answers, recalls, weighted, config)
            start[name].append(point)
            if strength == config.judged_strength:
                point["judged"] = True
                judged[name] = accuracy, recalls.loss(of, each)
    return {name: Curve(start[name], *judged[name]) for name in start}


def _text_curve(
    subject: Subject,
    name: str,
    shift: TextShift,
    places: Integers,
    config: DriftConfig,
    evaluation: EvaluationConfig,
    each: float,
) -> Curve:
    answers, classes = subject.answers, len(subject.answers.names)
    before = subject.holdout["text"].astype(str).iloc[places].tolist()
    labels, clean = answers.labels[places], answers.predicted[places]
    points = [_unshifted(name, answers, places, evaluation)]
    judged, lost = Measurement(value=0.0), clean
    for strength in config.strengths:
        now = shifted(before, shift, strength, evaluation.seed)
        predicted = answered_again(subject.classifier, answers, places, before, now)
        changed = float(np.mean([old != new for old, new in zip(before, now, strict=True)]))
        point, accuracy = scored_point(name, strength, labels, predicted, classes, evaluation)
        points.append({**point, "changed": changed, "judged": strength == config.judged_strength})
        if strength == config.judged_strength:
            judged, lost = accuracy, predicted
    loss = paired_difference(
        labels,
        clean,
        lost,
        classes,
        metric="accuracy",
        samples=evaluation.bootstrap_samples,
        confidence=each,
        seed=evaluation.seed,
    )
    return Curve(points, judged, loss)


def _unshifted(name: str, answers: Answers, places: Integers | None, evaluation: EvaluationConfig) -> dict[str, object]:
    labels, predicted = answers.labels, answers.predicted
    if places is not None:
        labels, predicted = labels[places], predicted[places]
    return scored_point(name, 0.0, labels, predicted, len(answers.names), evaluation)[0]


def _weighted(
    name: str,
    strength: float,
    accuracy: Measurement,
    answers: Answers,
    recalls: Recalls,
    mixtures: Floats,
    config: DriftConfig,
) -> dict[str, object]:
    point = plain_point(name, strength, accuracy, len(answers.labels))
    effective = [effective_rows(recalls.shares, mixture, len(answers.labels)) for mixture in mixtures]
    point["effective_rows"] = float(np.median(effective))
    if len(recalls.labels) > 1:
        values = [mcc_under(answers.labels, answers.predicted, len(answers.names), mixture) for mixture in mixtures]
        point["mcc"] = float(np.quantile(values, 1 - config.kept_in_mixtures))
    return point
