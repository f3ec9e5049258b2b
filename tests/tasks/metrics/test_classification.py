"""The measures equal scikit-learn's, with and without odd labels, for one set of rows and for many at once."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    matthews_corrcoef,
    precision_recall_fscore_support,
)
from sklearn.metrics import (
    confusion_matrix as sklearn_confusion_matrix,
)

from tasks.metrics.classification import (
    Integers,
    Tally,
    classification_scores,
    confusion_matrix,
    label_table,
    tally,
)

CASES = {
    "77 labels": (77, 3000, 0.1),
    "two labels": (2, 40, 0.3),
    "five labels, mostly wrong": (5, 200, 0.95),
    "more labels than rows": (50, 20, 0.4),
}


def rows_of(classes: int, rows: int, wrong: float, seed: int = 3) -> tuple[Integers, Integers]:
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, classes, rows)
    return labels, np.where(draw.random(rows) < wrong, draw.integers(0, classes, rows), labels)


@pytest.mark.parametrize("case", CASES)
def test_scores_equal_those_of_scikit_learn(case: str) -> None:
    classes, rows, wrong = CASES[case]
    labels, predicted = rows_of(classes, rows, wrong)
    scores = classification_scores(labels, predicted, classes)
    assert scores["mcc"] == pytest.approx(matthews_corrcoef(labels, predicted), abs=1e-12)
    assert scores["f1_macro"] == pytest.approx(f1_score(labels, predicted, average="macro"), abs=1e-12)
    assert scores["accuracy"] == pytest.approx(accuracy_score(labels, predicted), abs=1e-12)


@pytest.mark.filterwarnings("ignore:A single label was found")
@pytest.mark.parametrize(
    ("labels", "predicted"),
    [([0, 0, 0], [0, 0, 0]), ([0, 1, 2], [1, 1, 1]), ([0, 1, 0, 1], [1, 0, 1, 0]), ([0, 0, 1], [2, 2, 2])],
    ids=["one label only", "always the same answer", "always wrong", "an answer that is no label of the rows"],
)
def test_scores_at_the_edges_equal_those_of_scikit_learn(labels: list[int], predicted: list[int]) -> None:
    scores = classification_scores(np.array(labels), np.array(predicted), 4)
    assert scores["mcc"] == pytest.approx(matthews_corrcoef(labels, predicted), abs=1e-12)
    assert scores["f1_macro"] == pytest.approx(f1_score(labels, predicted, average="macro"), abs=1e-12)


def test_many_resamples_at_once_equal_scikit_learn_on_each() -> None:
    labels, predicted = rows_of(6, 150, 0.3)
    draw = np.random.default_rng(0)
    chosen = [draw.integers(0, 150, 150) for _ in range(20)]
    tallies = [tally(labels[rows], predicted[rows], 6) for rows in chosen]
    parts = (np.stack([getattr(each, part) for each in tallies]) for part in ("hits", "actual", "predicted", "rows"))
    scores = Tally(*parts).scores()
    for number, rows in enumerate(chosen):
        assert scores["mcc"][number] == pytest.approx(matthews_corrcoef(labels[rows], predicted[rows]), abs=1e-12)
        f1 = f1_score(labels[rows], predicted[rows], average="macro")
        assert scores["f1_macro"][number] == pytest.approx(f1, abs=1e-12)


def test_the_table_by_label_and_the_confusion_matrix_equal_those_of_scikit_learn() -> None:
    labels, predicted = rows_of(7, 400, 0.25)
    table = label_table(labels, predicted, 7)
    expected = precision_recall_fscore_support(labels, predicted)
    for ours, theirs in zip((table.precision, table.recall, table.f1, table.support), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
    np.testing.assert_array_equal(confusion_matrix(labels, predicted, 7), sklearn_confusion_matrix(labels, predicted))


def test_a_share_without_a_denominator_is_unknown_and_not_zero() -> None:
    table = label_table(np.array([0, 0]), np.array([0, 1]), 3)
    assert np.isnan(table.recall[1])
    assert np.isnan(table.precision[2])
    assert table.f1[1] == 0
    assert list(table.support) == [2, 0, 0]


def test_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="0 labels and 0 predictions"):
        classification_scores(np.array([], dtype=np.int64), np.array([], dtype=np.int64), 2)
