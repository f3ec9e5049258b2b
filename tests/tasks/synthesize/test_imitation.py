"""Does the gain hold on real rows? Made-up vectors in which it does, in which it does not, and in which it harms."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.synthesize.imitation import Vectors, imitation_check
from tasks.synthesize.reading import fit_probe

WIDTH = 8


def cloud(draw: np.random.Generator, rows: int, label: int, axis: int, *, sign: float, noise: float = 0.4) -> Vectors:
    """Rows of one label around a point of an axis."""
    vectors = draw.normal(0, noise, size=(rows, WIDTH)).astype(np.float32)
    vectors[:, axis] += sign
    return Vectors(vectors, np.full(rows, label, dtype=np.int64))


def two_labels(draw: np.random.Generator, rows: int, axis: int, **options: float) -> Vectors:
    """Labels 0 and 1 on the two ends of an axis."""
    return cloud(draw, rows, 0, axis, sign=-1, **options) + cloud(draw, rows, 1, axis, sign=1, **options)


def found(real: Vectors, made: Vectors, validation: Vectors, origins: list[str | None] | None = None) -> str:
    return imitation_check(
        real, made, origins or [None] * len(made), validation, fit=fit_probe, confidence=0.95, seed=1
    ).finding


def test_rows_like_the_real_ones_help_on_real_rows() -> None:
    draw = np.random.default_rng(0)
    few, more, validation = two_labels(draw, 3, 0, noise=0.9), two_labels(draw, 200, 0), two_labels(draw, 400, 0)
    assert found(few, more, validation) == "real_gain"


def test_rows_with_a_manner_of_their_own_help_on_themselves_alone() -> None:
    draw = np.random.default_rng(0)
    real, validation = two_labels(draw, 200, 0, noise=0.25), two_labels(draw, 400, 0, noise=0.25)
    mannered = two_labels(draw, 100, 3)
    check = imitation_check(real, mannered, [None] * len(mannered), validation, fit=fit_probe, confidence=0.95, seed=1)
    assert check.finding == "only_on_synthetic"
    assert check.synthetic_gain is not None
    assert check.synthetic_gain.value > 0.3
    assert abs(check.real_gain.value) < 0.02
    assert check.real_without > 0.95


def test_rows_with_wrong_labels_harm() -> None:
    draw = np.random.default_rng(0)
    real, validation, turned = two_labels(draw, 20, 0), two_labels(draw, 400, 0), two_labels(draw, 200, 0)
    assert found(real, Vectors(turned.vectors, 1 - turned.labels), validation) == "harm"


def test_children_of_one_parent_are_held_back_together() -> None:
    draw = np.random.default_rng(0)
    made = two_labels(draw, 20, 0)
    check = imitation_check(
        two_labels(draw, 20, 0),
        made,
        ["only one parent"] * len(made),
        two_labels(draw, 20, 0),
        fit=fit_probe,
        confidence=0.95,
        seed=1,
    )
    assert check.synthetic_gain is None


def test_nothing_is_said_without_validation_rows() -> None:
    rows = two_labels(np.random.default_rng(0), 5, 0)
    with pytest.raises(ValueError, match="without validation rows"):
        found(rows, rows, rows.of(np.zeros(len(rows), dtype=bool)))
