"""The probe learns topics from vectors, and judges each row without having seen it."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.embeddings.probe import cross_validated_probabilities, fit_probe
from tests.tasks.embeddings.topics import topic_vectors

LABELS = np.repeat(["card", "login", "refund"], 40)
VECTORS = topic_vectors(3, 40)


def test_a_probe_tells_topics_apart_that_it_learned() -> None:
    probe = fit_probe(VECTORS[::2], LABELS[::2])
    assert probe.classes == ("card", "login", "refund")
    assert (probe.predict(VECTORS[1::2]) == LABELS[1::2]).mean() > 0.95
    np.testing.assert_allclose(probe.probabilities(VECTORS).sum(axis=1), 1, atol=1e-5)


def test_a_row_is_judged_by_a_probe_that_never_saw_its_label() -> None:
    wrong = LABELS.copy()
    wrong[[3, 50]] = "refund", "card"
    probabilities = cross_validated_probabilities(VECTORS, wrong)
    assert probabilities.shape == (120, 3)
    assert list(probabilities[[3, 50]].argmax(axis=1)) == [0, 1]


def test_the_same_seed_gives_the_same_probabilities() -> None:
    first = cross_validated_probabilities(VECTORS, LABELS, seed=3)
    assert np.array_equal(first, cross_validated_probabilities(VECTORS, LABELS, seed=3))


def test_a_label_that_no_probe_may_learn_has_no_probability() -> None:
    probabilities = cross_validated_probabilities(VECTORS, LABELS, learnable=LABELS != "login")
    assert (probabilities[:, 1] == 0).all()
    assert (probabilities[LABELS == "card"].argmax(axis=1) == 0).all()


def test_a_label_with_fewer_rows_than_folds_is_refused() -> None:
    labels = LABELS.copy()
    labels[:2] = "rare"
    with pytest.raises(ValueError, match="5 folds need 5 rows of every label, but 'rare' has fewer"):
        cross_validated_probabilities(VECTORS, labels)
