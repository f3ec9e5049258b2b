"""Outside its task a model should not be sure; one that is, is found out."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.image import imread

from tasks.evaluate.classifier.side_effects.config import SideEffectsConfig
from tasks.evaluate.classifier.side_effects.measure import COLUMNS, measure_side_effects
from tasks.evaluate.classifier.side_effects.off_task import OFF_TASK
from tasks.evaluate.classifier.side_effects.plot import plot_side_effects
from tasks.evaluate.classifier.side_effects.slices import slices_for
from tasks.evaluate.config import EvaluationConfig
from tests.tasks.evaluate.classifier.drift.keyword_classifier import KeywordClassifier, make_rows, make_subject

EVALUATION = EvaluationConfig()
TEXTS = sum(len(texts) for texts in OFF_TASK.values())


def test_a_model_that_is_sure_of_anything_is_told_from_one_that_is_not(tmp_path: Path) -> None:
    modest = measure_side_effects(make_subject(tmp_path, KeywordClassifier()), SideEffectsConfig(), EVALUATION)
    sure = KeywordClassifier(otherwise=5.0)
    bold = measure_side_effects(make_subject(tmp_path, sure), SideEffectsConfig(), EVALUATION)
    assert modest.metrics["confident_off_task"].value == modest.metrics["confident_off_task"].low == 0.0
    assert 0 < (modest.metrics["confident_off_task"].high or 0) < 0.05
    assert bold.metrics["confident_off_task"].value == 1.0
    assert len(bold.table) == TEXTS
    assert list(bold.table.columns) == list(COLUMNS)


def test_the_limit_and_the_texts_can_be_given(tmp_path: Path) -> None:
    config = SideEffectsConfig(sure_above=0.99, off_task_texts=("poems of the sea", "a repayment of kindness"))
    found = measure_side_effects(make_subject(tmp_path, KeywordClassifier()), config, EVALUATION)
    assert found.metrics["confident_off_task"].value == 0.5
    assert found.table["text"].tolist() == ["given 1", "given 2"]
    assert found.table["sure"].tolist() == [False, True]


def test_a_text_that_the_holdout_has_is_no_text_outside_the_task(tmp_path: Path) -> None:
    rows = make_rows(30)
    rows.loc[0, "text"] = OFF_TASK["other fields"][0].upper()
    found = measure_side_effects(make_subject(tmp_path, KeywordClassifier(), rows), SideEffectsConfig(), EVALUATION)
    assert len(found.table) == TEXTS - 1
    only = SideEffectsConfig(off_task_texts=(OFF_TASK["other fields"][0],))
    assert measure_side_effects(make_subject(tmp_path, KeywordClassifier(), rows), only, EVALUATION).metrics == {}


def test_the_bundled_texts_are_many_of_several_kinds_and_none_is_there_twice() -> None:
    texts = [text for kind in OFF_TASK.values() for text in kind]
    assert len(texts) == len(set(texts)) >= 80
    assert len(OFF_TASK) >= 4


def test_the_slices_of_a_subject_know_which_labels_its_training_had(tmp_path: Path) -> None:
    subject = make_subject(tmp_path, KeywordClassifier())
    train = make_rows(60)
    train[train["label"] != "card"].to_parquet(tmp_path / "train.parquet")
    slices = slices_for(subject, SideEffectsConfig())
    card = (subject.holdout["label"] == "card").tolist()
    assert slices["label: card"].tolist() == card
    pd.testing.assert_series_equal(slices["id"], subject.holdout["id"], check_dtype=False)


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    found = measure_side_effects(make_subject(tmp_path, KeywordClassifier()), SideEffectsConfig(), EVALUATION)
    plot_side_effects(found.table, found.metrics, tmp_path / "off_task.png")
    assert imread(tmp_path / "off_task.png")[..., :3].std() > 0.02
