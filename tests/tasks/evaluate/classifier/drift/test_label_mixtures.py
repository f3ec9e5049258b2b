"""Accuracy under other shares of the labels: the worst mixture is the worst, and noise is not taken for weakness."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from tasks.evaluate.classifier.drift.label_mixtures import (
    drawn_mixtures,
    effective_rows,
    kept_in,
    mcc_under,
    moved,
    recalls_of,
    worst_mixture,
    worst_within,
)
from tasks.metrics.classification import classification_scores


def test_the_worst_mixture_is_what_a_general_solver_finds() -> None:
    draw = np.random.default_rng(0)
    for labels in (3, 8):
        present, recalls = draw.dirichlet(np.ones(labels) * 3), draw.beta(9, 1, labels)
        ours = worst_mixture(present, recalls[None], 0.08)[0]
        budget = {"type": "ineq", "fun": lambda q, p=present: 0.08 - (q * np.log(np.maximum(q, 1e-12) / p)).sum()}
        whole = {"type": "eq", "fun": lambda q: q.sum() - 1}
        theirs = minimize(
            lambda q, r=recalls: q @ r, present, bounds=[(0, 1)] * labels, constraints=[budget, whole], tol=1e-12
        )
        assert ours.sum() == pytest.approx(1)
        assert (ours * np.log(ours / present)).sum() == pytest.approx(0.08, abs=1e-6)
        assert ours @ recalls == pytest.approx(theirs.fun, abs=1e-5)


def test_beyond_all_mixtures_the_worst_is_the_weakest_label_alone() -> None:
    present, recalls = np.array([0.5, 0.3, 0.2]), np.array([0.9, 0.6, 0.95])
    assert worst_within(present, 3.0)(recalls[None])[0] == pytest.approx(0.6, abs=1e-6)
    np.testing.assert_allclose(worst_mixture(present, np.full((1, 3), 0.9), 3.0)[0], present)


def test_noise_between_labels_answered_equally_well_is_mostly_not_taken_for_weakness() -> None:
    draw = np.random.default_rng(4)
    lost, raw = [], []
    for seed in range(8):
        labels = draw.integers(0, 40, 600)
        recalls = recalls_of(labels, draw.random(600) < 0.9, samples=300, seed=seed)
        worst = worst_within(recalls.shares, 0.08)
        lost.append(recalls.loss(worst, 0.95).value)
        raw.append(recalls.clean - float(worst(recalls.measured[None])[0]))
    assert np.mean(raw) > 0.03, "the measured recalls alone look unequal"
    assert np.mean(lost) < 0.5 * np.mean(raw)


@pytest.mark.parametrize("kind", ["drawn", "worst"])
def test_the_intervals_hold_the_truth(kind: str) -> None:
    draw, held = np.random.default_rng(7), 0
    for seed in range(60):
        truth, labels = draw.beta(18, 2, 12), draw.choice(12, 400, p=np.arange(1, 13) / 78)
        recalls = recalls_of(labels, draw.random(400) < truth[labels], samples=300, seed=seed)
        mixtures = moved(recalls.shares, drawn_mixtures(len(recalls.labels), 50, 0), 0.5)
        of = kept_in(mixtures, 0.9) if kind == "drawn" else worst_within(recalls.shares, 0.08)
        wanted, found = float(of(truth[recalls.labels][None])[0]), recalls.accuracy(of, 0.9)
        held += (found.low or 0) <= wanted <= (found.high or 0)
    # 54 of 60 on average at 90 %, with a standard deviation of 2.3.
    assert held >= 48


def test_a_weak_label_that_becomes_frequent_takes_its_weight() -> None:
    labels = np.repeat([0, 1], [900, 100])
    correct = np.concatenate([np.ones(900, dtype=bool), np.arange(100) < 50])
    recalls = recalls_of(labels, correct, samples=300, seed=0)
    half = kept_in(np.array([[0.5, 0.5]]), 0.9)
    assert recalls.clean == pytest.approx(0.95)
    assert recalls.accuracy(half, 0.95).value == pytest.approx(0.75, abs=0.01)
    assert (recalls.loss(half, 0.95).low or 0) > 0.1


def test_labels_without_a_mistake_are_no_certainty() -> None:
    labels = np.arange(60) % 6
    found = recalls_of(labels, np.ones(60, dtype=bool), samples=500, seed=0).accuracy(
        kept_in(drawn_mixtures(6, 50, 0), 0.9), 0.95
    )
    assert found.high == pytest.approx(1.0, abs=1e-9)
    assert 0.85 < (found.low or 0) < 0.99


def test_in_the_present_shares_nothing_changes() -> None:
    draw = np.random.default_rng(2)
    labels = draw.integers(0, 5, 200)
    predicted = np.where(draw.random(200) < 0.8, labels, draw.integers(0, 5, 200))
    shares = np.bincount(labels) / 200
    assert mcc_under(labels, predicted, 5, shares) == pytest.approx(classification_scores(labels, predicted, 5)["mcc"])
    assert effective_rows(shares, shares, 200) == pytest.approx(200)
    assert effective_rows(shares, np.eye(5)[0], 200) == pytest.approx(200 * shares[0])
