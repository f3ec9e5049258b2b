"""The rows asked first are unsure ones, and not all of one label."""

from __future__ import annotations

import numpy as np

from tasks.label.least_certain import least_certain, margins


def test_the_margin_is_the_lead_of_the_best_label() -> None:
    assert np.allclose(margins(np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])), [0.2, 0.7])


def test_within_a_label_the_smaller_margin_comes_first() -> None:
    assert least_certain(np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3]])) == [1, 2, 0]


def test_each_round_takes_one_row_of_every_predicted_label() -> None:
    hard = [[0.51, 0.49], [0.52, 0.48], [0.53, 0.47]]
    easy = [[0.1, 0.9], [0.2, 0.8]]
    assert least_certain(np.array(hard + easy)) == [0, 4, 1, 3, 2]


def test_equal_rows_keep_their_order_and_none_are_fine() -> None:
    assert least_certain(np.full((3, 2), 0.5)) == [0, 1, 2]
    assert least_certain(np.empty((0, 2))) == []
