"""The learning curve finds the law behind the errors, judges every row once, and is unsure where it should be."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from tasks.advise.learning_curve import fit_power_law, learning_curve

LABELS = np.arange(1200, dtype=np.int64) % 6


def test_a_power_law_is_found_again() -> None:
    sizes = np.array([50, 100, 200, 400, 800])
    a, b, c = fit_power_law(sizes, 0.04 + 1.5 * sizes**-0.6)
    assert 1 - (a + b * 8000.0**-c) == pytest.approx(1 - (0.04 + 1.5 * 8000**-0.6), abs=0.004)


def test_errors_that_do_not_fall_promise_nothing_from_more_rows() -> None:
    a, b, c = fit_power_law([50, 100, 200, 400], [0.10, 0.11, 0.10, 0.12])
    assert a + b * 4000.0**-c == pytest.approx(0.1075, abs=0.01)


def test_the_curve_says_what_twice_the_rows_would_bring_and_how_surely() -> None:
    luck = np.random.default_rng(3).random(len(LABELS))

    def correct(fitted: npt.NDArray[np.int64], judged: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        assert not set(fitted) & set(judged)
        return np.asarray(luck[judged] > 0.03 + 2.0 * len(fitted) ** -0.5)

    curve = learning_curve(LABELS, correct)
    assert curve.sizes == (64, 120, 240, 440, 800)
    assert curve.accuracy_at(800) == pytest.approx(curve.measured[-1].value, abs=0.02)
    twice = curve.expected[2]
    assert twice.low is not None
    assert twice.high is not None
    assert twice.low < 1 - (0.03 + 2.0 * 2400**-0.5) < twice.high
    assert curve.expected[1].value < twice.value < curve.expected[10].value


def test_every_beginning_of_a_subset_has_the_labels_in_their_shares() -> None:
    seen = []

    def correct(fitted: npt.NDArray[np.int64], judged: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        seen.append(np.bincount(LABELS[fitted], minlength=6))
        return np.ones(len(judged), dtype=bool)

    learning_curve(LABELS, correct)
    assert all(counts.max() - counts.min() <= 6 for counts in seen)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 30"):
        learning_curve(LABELS[:20], lambda _fitted, judged: np.ones(len(judged), dtype=bool))
