"""A new head starts where a linear probe ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from tasks.embeddings.probe import INVERSE_PENALTY
from tasks.models.classifier_network import classifier_from_base
from tasks.train.classifier.head_start import FILE, fitted_probe, start_head


def some_vectors(classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    labels = torch.arange(classes).repeat(40)
    centres = torch.randn(classes, 16, generator=random)
    return 3 * (centres[labels] + torch.randn(len(labels), 16, generator=random)), labels


@pytest.mark.parametrize("classes", [2, 5])
def test_the_probe_is_the_logistic_regression_of_scikit_learn(classes: int) -> None:
    vectors, labels = some_vectors(classes)
    weights = torch.linspace(0.5, 1.5, len(labels))
    probe = fitted_probe(vectors, labels, weights, classes)
    scaled = (vectors / vectors.norm(dim=1).mean()).numpy()
    regression = LogisticRegression(C=INVERSE_PENALTY, max_iter=5000, tol=1e-8)
    expected = regression.fit(scaled, labels, sample_weight=weights / weights.mean()).predict_proba(scaled)
    found = torch.softmax(vectors @ probe["weight"].T + probe["bias"], dim=1).numpy()
    if classes == 2:
        # One vector for two labels there, one for each here, at half the penalty for the same difference.
        assert np.array_equal(found.argmax(axis=1), expected.argmax(axis=1))
    else:
        np.testing.assert_allclose(found, expected, atol=2e-3)


def test_a_label_that_the_probe_never_saw_is_unlikely_everywhere() -> None:
    vectors, labels = some_vectors(3)
    probe = fitted_probe(vectors, labels, torch.ones(len(labels)), 4)
    assert (vectors @ probe["weight"].T + probe["bias"]).argmax(dim=1).max() < 3


def test_a_head_is_started_once_and_found_again(tiny_encoder: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    training = [{"input_ids": random.integers(5, 50, 6 + row % 3).tolist(), "labels": row % 3} for row in range(30)]
    notes: list[Any] = []

    def tell(event: str, **content: Any) -> None:
        notes.append(content["message"])

    networks = [classifier_from_base(str(tiny_encoder), ("a", "b", "c"))[0] for _ in range(2)]
    start_head(networks[0], training, 0, tmp_path, tell)
    assert networks[0].training
    start_head(networks[1], [], 0, tmp_path, tell)
    torch.testing.assert_close(networks[0].head.weight, networks[1].head.weight)
    assert notes == ["the new head starts as a linear probe on 30 training rows"]
    assert (tmp_path / FILE).is_file()
