"""Softmax, calibration error, reliability table and temperature."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.metrics.calibration import (
    Floats,
    Integers,
    bin_of,
    expected_calibration_error,
    fit_temperature,
    reliability_table,
    softmax,
)


def calibrated(rows: int, classes: int = 8, seed: int = 0) -> tuple[Floats, Integers]:
    """Logits, and labels drawn with just the probabilities that they state."""
    draw = np.random.default_rng(seed)
    logits = draw.normal(size=(rows, classes)) * 3
    below = softmax(logits).cumsum(axis=1) < draw.random((rows, 1))
    return logits, below.sum(axis=1)


def test_softmax_sums_to_one_whatever_the_size_of_the_logits() -> None:
    logits = np.array([[1e4, 0.0, -1e4], [1.0, 2.0, 3.0]], dtype=np.float32)
    probabilities = softmax(logits)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert probabilities[0, 0] == 1
    np.testing.assert_allclose(softmax(logits, 2.0)[1], np.exp([0.5, 1, 1.5]) / np.exp([0.5, 1, 1.5]).sum())


def test_the_calibration_error_is_the_weighted_gap_between_accuracy_and_confidence() -> None:
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7], [0.6, 0.4]])
    # Two rows at 0.9, one of them right; one at 0.7, right; one at 0.6, wrong: bins of a tenth keep the three apart.
    labels = np.array([0, 1, 1, 1])
    expected = (2 * abs(0.5 - 0.9) + abs(1 - 0.7) + abs(0 - 0.6)) / 4
    assert expected_calibration_error(probabilities, labels, 10) == pytest.approx(expected)


def test_rows_of_one_bin_make_up_for_each_other() -> None:
    probabilities = np.array([[0.6, 0.4], [0.55, 0.45]])
    assert expected_calibration_error(probabilities, np.array([0, 1]), 2) == pytest.approx(abs(0.5 - 0.575))


def test_a_label_that_the_model_does_not_have_counts_as_wrong() -> None:
    assert expected_calibration_error(np.array([[0.2, 0.8]]), np.array([-1]), 10) == pytest.approx(0.8)


def test_bins_are_closed_on_the_right_and_take_in_both_ends() -> None:
    assert list(bin_of(np.array([0.0, 0.1, 0.2, 0.21, 1.0]), 5)) == [0, 0, 0, 1, 4]


def test_the_reliability_table_counts_every_row_once() -> None:
    table = reliability_table(np.array([0.15, 0.95, 0.99, 0.5]), np.array([False, True, True, True]), 10)
    assert table.rows.sum() == 4
    assert list(np.flatnonzero(table.rows)) == [1, 4, 9]
    assert table.confidence[9] == pytest.approx(0.97)
    assert np.isnan(table.accuracy[0])


def test_the_temperature_by_which_logits_were_sharpened_is_found_again() -> None:
    logits, labels = calibrated(20_000)
    assert fit_temperature(logits, labels) == pytest.approx(1, rel=0.03)
    assert fit_temperature(logits * 2.5, labels) == pytest.approx(2.5, rel=0.03)
    assert fit_temperature(logits / 3, labels) == pytest.approx(1 / 3, rel=0.03)


def test_scaling_mends_a_model_that_is_too_sure() -> None:
    logits, labels = calibrated(5000)
    before = expected_calibration_error(softmax(logits * 4), labels, 15)
    after = expected_calibration_error(softmax(logits * 4, fit_temperature(logits * 4, labels)), labels, 15)
    assert before > 0.1
    assert after < 0.03


def test_rows_that_are_all_right_do_not_make_the_model_certain() -> None:
    draw = np.random.default_rng(0)
    logits = draw.normal(size=(100, 5))
    labels = logits.argmax(axis=1)
    confidence = softmax(logits, fit_temperature(logits, labels)).max(axis=1)
    assert 0.9 < confidence.mean() < 0.99


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        (np.zeros((0, 3)), np.zeros(0, dtype=int), "rows"),
        (np.zeros((2, 1)), np.zeros(2, dtype=int), "2 or more"),
        (np.zeros((2, 3)), np.zeros(3, dtype=int), "3 labels"),
        (np.array([[np.nan, 0.0]]), np.zeros(1, dtype=int), "not a finite number"),
    ],
)
def test_logits_that_give_no_temperature_are_refused(logits: Floats, labels: Integers, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit_temperature(logits, labels)
