"""The room `drift`: each shift finds the weakness it is there for, and the same rows give the same table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from matplotlib.image import imread
from pydantic import ValidationError

from tasks.evaluate.classifier.drift.config import DriftConfig
from tasks.evaluate.classifier.drift.curve import COLUMNS
from tasks.evaluate.classifier.drift.measure import METRICS, measure_drift
from tasks.evaluate.classifier.drift.plot import plot_drift
from tasks.evaluate.config import EvaluationConfig
from tests.tasks.evaluate.classifier.drift.keyword_classifier import KeywordClassifier, make_rows, make_subject

CONFIG = DriftConfig(rows=60, strengths=(0.5, 1.0), drawn_mixtures=40, most_new_words=1.0)
EVALUATION = EvaluationConfig(bootstrap_samples=200)


def test_every_shift_has_its_curve_and_its_figure_with_an_interval(tmp_path: Path) -> None:
    found = measure_drift(make_subject(tmp_path, KeywordClassifier()), CONFIG, EVALUATION)
    assert list(found.table.columns) == list(COLUMNS)
    simulated = {name: metric for name, metric in METRICS.items() if name != "over_time"}
    assert list(found.metrics) == [*simulated.values(), "accuracy_lost_to_drift"]
    for name, measured in found.metrics.items():
        assert (measured.low or 0) <= measured.value <= (measured.high or 0), name
    curves = found.table.groupby("shift")["strength"].apply(list)
    assert all(curves[name] == [0.0, 0.5, 1.0] for name in simulated)
    judged = found.table[found.table["strength"] == 0.5].set_index("shift")["accuracy"]
    assert all(judged[name] == found.metrics[metric].value for name, metric in simulated.items())


def test_a_model_that_reads_one_word_fails_under_new_words_and_not_under_style(tmp_path: Path) -> None:
    found = measure_drift(make_subject(tmp_path, KeywordClassifier(any_case=True)), CONFIG, EVALUATION)
    assert found.metrics["accuracy_under_new_words"].value < 0.8
    assert found.metrics["accuracy_under_style_shift"].value == 1.0
    lost = 1 - found.metrics["accuracy_under_new_words"].value
    assert found.metrics["accuracy_lost_to_drift"].value == pytest.approx(lost)
    assert (found.metrics["accuracy_lost_to_drift"].low or 0) > 0


def test_a_model_that_minds_the_case_fails_under_style(tmp_path: Path) -> None:
    found = measure_drift(make_subject(tmp_path, KeywordClassifier()), CONFIG, EVALUATION)
    style = found.table[found.table["shift"] == "style_shift"]["accuracy"].tolist()
    assert style[0] == 1.0
    assert style[0] > style[1] > style[2]


def test_a_label_that_is_answered_badly_costs_under_other_shares_of_the_labels(tmp_path: Path) -> None:
    even = measure_drift(make_subject(tmp_path, KeywordClassifier()), CONFIG, EVALUATION).metrics
    rows = make_rows(300)
    rows = rows[(rows["label"] != "card") | (rows.index % 10 == 0)].reset_index(drop=True)
    weak = make_subject(tmp_path, KeywordClassifier(weak="login"), rows)
    uneven = measure_drift(weak, CONFIG, EVALUATION)
    clean = weak.answers.correct.mean()
    assert clean - uneven.metrics["accuracy_worst_prior"].value > 0.02
    assert 1 - even["accuracy_worst_prior"].value < 0.01
    assert uneven.metrics["accuracy_under_prior_shift"].value < clean
    effective = uneven.table[uneven.table["shift"] == "prior_shift"]["effective_rows"].dropna().tolist()
    assert len(rows) > effective[0] > effective[1]


def test_no_more_than_the_drawn_rows_are_asked_and_unchanged_texts_not_again(tmp_path: Path) -> None:
    classifier = KeywordClassifier()
    subject = make_subject(tmp_path, classifier)
    classifier.asked.clear()
    measure_drift(subject, CONFIG, EVALUATION)
    assert len(classifier.asked) <= 60 * 2 * 2
    assert not set(classifier.asked) & set(subject.holdout["text"])


def test_the_room_gives_the_same_table_each_time_and_no_text_of_a_row(tmp_path: Path) -> None:
    first, second = (
        measure_drift(make_subject(tmp_path, KeywordClassifier()), CONFIG, EVALUATION).table for _ in range(2)
    )
    pd.testing.assert_frame_equal(first, second)
    assert "secretword" not in first.to_csv()


def test_one_label_alone_has_accuracy_and_no_correlation(tmp_path: Path) -> None:
    rows = make_rows(90)
    rows = rows[rows["label"] == "card"].reset_index(drop=True)
    found = measure_drift(make_subject(tmp_path, KeywordClassifier(), rows), CONFIG, EVALUATION)
    assert found.table["mcc"].isna().all()
    assert found.metrics["accuracy_under_prior_shift"].value == 1.0


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    found = measure_drift(make_subject(tmp_path, KeywordClassifier()), CONFIG, EVALUATION)
    plot_drift(found.table, found.metrics, tmp_path / "drift.png")
    assert imread(tmp_path / "drift.png")[..., :3].std() > 0.02


def test_the_judged_strength_must_be_on_the_curve() -> None:
    with pytest.raises(ValidationError, match=r"judged_strength is 0.5, but must be one of strengths, \[0.2, 1.0\]"):
        DriftConfig(strengths=(0.2, 1.0))
    with pytest.raises(ValidationError, match="strengths must rise"):
        DriftConfig(strengths=(1.0, 0.5))
