"""How far labels and lengths have moved since the champion's training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import jensenshannon

from tasks.validate.shift import jensen_shannon_distance, measured_shift
from tasks.validate.shift_chart import draw_shift
from tests.tasks.pii.made_up_rows import rows
from tests.tasks.validate.answered_rows import answered, good_answers


def labelled(words: int, **labels: int) -> pd.DataFrame:
    """So many rows of each label, each text as long as said."""
    named = [label for label, count in labels.items() for _ in range(count)]
    return rows((f"{number:04d}" + " word" * words, label) for number, label in enumerate(named))


def test_the_distance_is_that_of_scipy() -> None:
    left, right = np.array([0.5, 0.3, 0.2, 0.0]), np.array([0.1, 0.0, 0.6, 0.3])
    assert jensen_shannon_distance(left, right) == pytest.approx(jensenshannon(left, right, base=2))
    assert jensen_shannon_distance(left, left) == 0
    assert jensen_shannon_distance(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1


def test_labels_that_moved_are_named_with_their_shares() -> None:
    shift = measured_shift([labelled(3, a=50, b=30, c=20)], [labelled(3, a=50, b=10, d=40)])
    assert shift is not None
    assert shift.labels is not None
    assert shift.labels.moved["before"].to_dict() == {"d": 0, "b": 0.3, "c": 0.2}
    assert shift.labels.moved["now"].to_dict() == {"d": 0.4, "b": 0.1, "c": 0}
    assert 0.4 < shift.labels.distance < 0.7


def test_longer_texts_show_in_the_lengths_and_not_in_the_labels() -> None:
    shift = measured_shift([labelled(3, a=50, b=50)], [labelled(3, a=25, b=25), labelled(9, c=1)])
    assert shift is not None
    [lengths] = shift.lengths
    assert lengths.statistic == pytest.approx(1 / 51)
    shift = measured_shift([labelled(3, a=50, b=50)], [labelled(9, a=50, b=50)])
    assert shift is not None
    assert shift.labels is not None
    assert (shift.labels.distance, shift.lengths[0].statistic) == (0, 1)
    assert shift.lengths[0].p < 1e-20


def test_a_text_counts_once_and_made_up_rows_do_not() -> None:
    before = labelled(3, a=50, b=50)
    made = labelled(9, c=70).assign(made_by="typos")
    shift = measured_shift([before, made], [before, before])
    assert shift is not None
    assert shift.labels is not None
    assert (shift.rows, shift.labels.distance, shift.lengths[0].statistic) == ((100, 100), 0, 0)


def test_rows_without_labels_are_compared_by_their_lengths(tmp_path: Path) -> None:
    shift = measured_shift([answered(good_answers())], [answered(good_answers(start=1000))])
    assert shift is not None
    assert shift.labels is None
    assert [one.column for one in shift.lengths] == ["text", "answer"]
    draw_shift(shift, tmp_path / "one.png")
    draw_shift(shift, tmp_path / "two.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_nothing_is_compared_with_nothing() -> None:
    assert measured_shift([labelled(3)], [labelled(3, a=5)]) is None
