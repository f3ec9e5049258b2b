"""Approximate randomisation gives the exact test's p-value, keeps its level, and sees a real difference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import permutation_test

from tasks.metrics.classification import SCORES, Integers, classification_scores
from tasks.metrics.intervals import mcnemar_p_value
from tasks.metrics.paired_tests import approximate_randomisation


def rows_of(
    draw: np.random.Generator, rows: int, ours_wrong: float, theirs_wrong: float
) -> tuple[Integers, Integers, Integers]:
    labels = draw.integers(0, 4, rows)
    answers = [np.where(draw.random(rows) < wrong, (labels + 1) % 4, labels) for wrong in (ours_wrong, theirs_wrong)]
    return labels, answers[0], answers[1]


@pytest.mark.parametrize("metric", SCORES)
def test_the_p_value_is_that_of_all_swaps(metric: str) -> None:
    # Few enough rows differ that scipy goes through every way to swap them.
    labels, ours, theirs = rows_of(np.random.default_rng(0), 40, 0.06, 0.28)
    differ = ours != theirs
    assert 6 <= differ.sum() <= 12

    def difference(first: Integers, second: Integers) -> float:
        both = [np.where(differ, 0, ours) for _ in range(2)]
        both[0][differ], both[1][differ] = first, second
        return classification_scores(labels, both[0], 4)[metric] - classification_scores(labels, both[1], 4)[metric]

    found = approximate_randomisation(labels, ours, theirs, 4, metric=metric, samples=20_000, seed=0)
    exact = permutation_test(
        (ours[differ], theirs[differ]), difference, permutation_type="samples", vectorized=False, n_resamples=np.inf
    )
    assert found.difference == pytest.approx(exact.statistic, abs=1e-12)
    assert found.p_value == pytest.approx(exact.pvalue, abs=0.012)


def test_of_accuracy_it_is_mcnemars_exact_test() -> None:
    labels, ours, theirs = rows_of(np.random.default_rng(1), 500, 0.10, 0.13)
    found = approximate_randomisation(labels, ours, theirs, 4, metric="accuracy", samples=20_000, seed=0)
    assert found.p_value == pytest.approx(mcnemar_p_value(ours == labels, theirs == labels), abs=0.012)


@pytest.mark.parametrize("metric", ["mcc", "f1_macro"])
def test_models_that_are_alike_are_called_different_no_more_often_than_stated(metric: str) -> None:
    draw = np.random.default_rng(2)
    p_values = [
        approximate_randomisation(*rows_of(draw, 150, 0.1, 0.1), 4, metric=metric, samples=99, seed=trial).p_value
        for trial in range(400)
    ]
    # 10 % of 400 is 40, with a standard deviation of 6.
    assert np.sum(np.array(p_values) <= 0.1) <= 58


def test_a_p_value_is_never_zero_and_models_that_agree_have_one_of_one() -> None:
    labels, ours, theirs = rows_of(np.random.default_rng(3), 400, 0.0, 0.5)
    sure = approximate_randomisation(labels, ours, theirs, 4, metric="mcc", samples=999, seed=0)
    assert sure.p_value == 1 / 1000
    same = approximate_randomisation(labels, ours, ours, 4, metric="mcc", samples=99, seed=0)
    assert (same.difference, same.p_value) == (0, 1)


def test_the_same_seed_gives_the_same_answer_and_many_labels_are_drawn_in_parts() -> None:
    draw = np.random.default_rng(4)
    labels = draw.integers(0, 77, 3000)
    ours, theirs = (np.where(draw.random(3000) < 0.1, draw.integers(0, 77, 3000), labels) for _ in range(2))
    options: dict[str, Any] = {"metric": "mcc", "samples": 3000, "seed": 0}
    first = approximate_randomisation(labels, ours, theirs, 77, **options)
    assert approximate_randomisation(labels, ours, theirs, 77, **options) == first
    few = approximate_randomisation(labels, ours, theirs, 77, metric="mcc", samples=500, seed=1)
    assert few.p_value == pytest.approx(first.p_value, abs=0.09)


def test_an_unknown_score_is_refused() -> None:
    labels = np.array([0, 1])
    with pytest.raises(ValueError, match="kappa of 2 rows: it takes one of mcc, f1_macro, accuracy"):
        approximate_randomisation(labels, labels, labels, 2, metric="kappa", samples=10, seed=0)
