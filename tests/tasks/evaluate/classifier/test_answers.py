"""Answers bring the labels of model and holdout together, and refuse a holdout that nothing can be measured on."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.errors import UserInputError
from tasks.evaluate.classifier.answers import answer, predictions
from tests.tasks.evaluate.classifier.known_classifier import LABELS, KnownClassifier, make_holdout


def test_every_row_is_answered_and_the_confidence_has_the_models_temperature() -> None:
    holdout = make_holdout(60)
    answers = answer(KnownClassifier(holdout, wrong=0.1, logit=4.0), holdout)
    stated = np.exp(2.0) / (np.exp(2.0) + 11)  # a logit of 4 at a temperature of 2
    np.testing.assert_allclose(answers.confidence, stated)
    np.testing.assert_allclose(answers.confidence_uncalibrated, np.exp(4.0) / (np.exp(4.0) + 11))
    assert 0 < (~answers.correct).sum() < 20


def test_predictions_have_a_row_each_with_labels_as_text() -> None:
    holdout = make_holdout(60)
    classifier = KnownClassifier(holdout)
    table = predictions(answer(classifier, holdout))
    assert list(table.columns) == ["id", "label", "predicted", "confidence"]
    assert list(table["id"]) == list(holdout["id"])
    assert list(table["label"]) == list(holdout["label"])
    wrong = set(holdout.loc[holdout["text"].isin(classifier.mistaken), "id"])
    assert set(table.loc[table["label"] != table["predicted"], "id"]) == wrong


def test_a_label_that_the_model_does_not_know_is_one_it_cannot_get_right() -> None:
    holdout = make_holdout(60)
    champion = KnownClassifier(holdout, labels=("gone", *LABELS[:-1]), wrong=0)
    answers = answer(champion, holdout)
    assert answers.names == tuple(sorted({"gone", *LABELS}))
    unknown = (holdout["label"] == LABELS[-1]).to_numpy()
    assert not answers.correct[unknown].any()
    assert answers.correct[~unknown].all()
    assert set(predictions(answers).loc[unknown, "predicted"]) == {"gone"}


def test_the_order_of_the_models_labels_is_its_own() -> None:
    holdout = make_holdout(24)
    assert answer(KnownClassifier(holdout, labels=LABELS[::-1], wrong=0), holdout).correct.all()


def test_a_holdout_without_rows_is_refused() -> None:
    holdout = make_holdout(24)
    with pytest.raises(UserInputError, match="no holdout rows"):
        answer(KnownClassifier(holdout), holdout[:0])


def test_a_holdout_row_without_a_label_is_refused_by_its_id() -> None:
    holdout = make_holdout(24)
    holdout.loc[3, "label"] = None
    with pytest.raises(UserInputError, match="1 of 24 holdout rows have no label, the first being 'r3'"):
        answer(KnownClassifier(make_holdout(24)), holdout)
