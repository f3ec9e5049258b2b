"""The figures of one model: what is measured, that each has an interval, and that planted faults show."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.evaluate.classifier.answers import answer
from tasks.evaluate.classifier.measure import by_label, group_metrics, measure, quality_metrics
from tasks.evaluate.config import EvaluationConfig
from tests.tasks.evaluate.classifier.known_classifier import KnownClassifier, make_holdout

CONFIG = EvaluationConfig(bootstrap_samples=200, latency_requests=100)
BY_CONFIDENCE = ["area_under_risk", "accuracy_at_80_coverage", "coverage_at_95_accuracy", "ece_debiased"]
NAMES = [
    "mcc",
    "f1_macro",
    "accuracy",
    "ece",
    "ece_uncalibrated",
    *BY_CONFIDENCE,
    "p50_milliseconds",
    "p99_milliseconds",
]


def test_every_figure_is_there_with_its_interval() -> None:
    holdout = make_holdout()
    answers, milliseconds, metrics = measure(KnownClassifier(holdout), holdout, CONFIG)
    assert list(metrics) == [*NAMES, "accuracy.long", "accuracy.terse"]
    for name, value in metrics.items():
        assert value.low is not None, name
        assert value.high is not None, name
        assert value.low <= value.value <= value.high, name
    assert metrics["accuracy"].value == answers.correct.mean()
    assert (milliseconds > 0).all()


def test_rows_without_groups_have_no_figures_by_group() -> None:
    holdout = make_holdout(groups=False)
    assert group_metrics(answer(KnownClassifier(holdout), holdout), CONFIG) == {}


def test_rows_of_some_groups_are_measured_apart_from_rows_of_none() -> None:
    holdout = make_holdout()
    holdout.loc[:99, "group"] = None
    answers = answer(KnownClassifier(holdout), holdout)
    terse = (holdout["group"] == "terse").to_numpy()
    assert group_metrics(answers, CONFIG)["accuracy.terse"].value == answers.correct[terse].mean()
    assert set(group_metrics(answers, CONFIG)) == {"accuracy.terse", "accuracy.long"}


def test_a_model_that_is_surer_than_right_has_a_high_calibration_error() -> None:
    holdout = make_holdout(400)
    metrics = quality_metrics(answer(KnownClassifier(holdout, wrong=0.3, logit=30.0), holdout), CONFIG)
    assert metrics["ece"].value == pytest.approx(0.3, abs=0.06)
    assert (metrics["ece"].low or 0) > 0.2


def test_the_calibration_error_is_given_with_and_without_the_temperature() -> None:
    holdout = make_holdout(400)
    # A logit of 10.4 at a temperature of 2 states 94 %, and without it more than 99.9 %.
    metrics = quality_metrics(answer(KnownClassifier(holdout, wrong=0.06, logit=10.4), holdout), CONFIG)
    assert metrics["ece"].value < 0.03 < metrics["ece_uncalibrated"].value


def test_the_table_by_label_has_every_label_and_its_rows() -> None:
    holdout = make_holdout(240)
    table = by_label(answer(KnownClassifier(holdout, wrong=0.2), holdout), 0.95)
    assert table["support"].sum() == 240
    assert len(table) == 12
    for measure_name in ("precision", "recall", "f1"):
        assert (table[f"{measure_name}_low"] <= table[measure_name]).all()
        assert (table[measure_name] <= table[f"{measure_name}_high"]).all()


def test_a_label_that_no_row_has_is_in_the_table_without_figures() -> None:
    holdout = make_holdout(240)
    classifier = KnownClassifier(holdout, labels=(*sorted(set(holdout["label"])), "unheard_of"), wrong=0)
    row = by_label(answer(classifier, holdout), 0.95).set_index("label").loc["unheard_of"]
    assert row["support"] == 0
    assert np.isnan(row["recall"])
    assert np.isnan(row["f1_low"])


def test_the_figures_but_for_latency_are_the_same_each_time() -> None:
    holdout = make_holdout()
    first, second = (quality_metrics(answer(KnownClassifier(holdout), holdout), CONFIG) for _ in range(2))
    assert first == second
