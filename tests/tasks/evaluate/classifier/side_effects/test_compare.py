"""Two models slice by slice: a planted loss is found and named, chance is not, and the rows that changed are listed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from tasks.evaluate.classifier.side_effects.compare import ALL_ROWS, BETTER, OPEN, TOO_FEW, WORSE, side_effects
from tasks.evaluate.classifier.side_effects.plot import plot_slices
from tasks.evaluate.room import Found

SLICES = 20


def predicted(right: np.ndarray) -> pd.DataFrame:
    ids = [f"r{number}" for number in range(len(right))]
    return pd.DataFrame({"id": ids, "label": "a", "predicted": np.where(right, "a", "b"), "confidence": 0.9})


def sliced(rows: int) -> pd.DataFrame:
    places = np.arange(rows)
    columns = {f"label: {number}": places % SLICES == number for number in range(SLICES)}
    return pd.DataFrame({"id": [f"r{number}" for number in places], **columns})


def compare(ours: np.ndarray, theirs: np.ndarray) -> Found:
    return side_effects(predicted(ours), predicted(theirs), sliced(len(ours)), confidence=0.95, samples=200, seed=0)


def test_a_slice_that_got_worse_is_found_though_the_whole_got_better() -> None:
    draw, places = np.random.default_rng(0), np.arange(1000)
    theirs = draw.random(1000) < 0.8
    ours = np.where(places % SLICES == 3, False, theirs | (draw.random(1000) < 0.5))
    found = compare(ours, theirs)
    assert found.metrics["slices_worse"].value == found.metrics["slices_worse"].high == 1.0
    worst = found.table.set_index("slice").loc["label: 3"]
    assert worst["state"] == WORSE
    assert worst["p_adjusted"] < 0.001
    assert worst["high"] < 0
    assert found.table["slice"].tolist()[:2] == [ALL_ROWS, "label: 3"]
    assert found.table["difference"].iloc[0] > 0
    assert found.metrics["worst_slice_difference"].value == worst["difference"]
    assert (found.metrics["worst_slice_difference"].high or 0) < 0


def test_two_models_that_are_alike_are_hardly_ever_said_to_differ() -> None:
    draw, said = np.random.default_rng(1), 0
    for _ in range(40):
        found = compare(draw.random(400) < 0.7, draw.random(400) < 0.7)
        said += set(found.table["state"]) & {WORSE, BETTER} != set()
    # At most 2 of 40 on average; that is within three standard deviations.
    assert said <= 6


def test_slices_in_which_the_models_hardly_differ_do_not_spoil_the_test_of_the_others() -> None:
    theirs = np.ones(400, dtype=bool)
    ours = theirs.copy()
    ours[np.flatnonzero(np.arange(400) % SLICES == 5)[:6]] = False
    table = compare(ours, theirs).table.set_index("slice")
    # Six of six is p = 0.031: shown as the only test, and never as one of twenty.
    assert table.loc["label: 5", "state"] == WORSE
    assert table.loc["label: 5", "p_adjusted"] == pytest.approx(2 / 2**6)
    assert set(table["state"].drop([ALL_ROWS, "label: 5"])) == {TOO_FEW}


def test_a_difference_that_chance_explains_is_left_open() -> None:
    theirs = np.arange(400) % 40 >= 20
    ours = np.arange(400) % 37 >= 17
    states = set(compare(ours, theirs).table["state"][1:])
    assert states <= {OPEN, TOO_FEW}


def test_predictions_in_another_order_are_brought_together_by_id() -> None:
    draw = np.random.default_rng(3)
    ours, theirs = predicted(draw.random(100) < 0.7), predicted(draw.random(100) < 0.9)
    straight = side_effects(ours, theirs, sliced(100), confidence=0.95, samples=200, seed=0)
    mixed = side_effects(ours.sample(frac=1, random_state=0), theirs, sliced(100), confidence=0.95, samples=200, seed=0)
    pd.testing.assert_frame_equal(straight.table, mixed.table)


def test_predictions_of_other_rows_or_other_labels_are_refused() -> None:
    ours = predicted(np.ones(40, dtype=bool))
    with pytest.raises(ValueError, match="theirs are not of the same 40 rows"):
        side_effects(ours, ours[:30], sliced(40), confidence=0.95, samples=200, seed=0)
    with pytest.raises(ValueError, match="different labels"):
        side_effects(ours, ours.assign(label="c"), sliced(40), confidence=0.95, samples=200, seed=0)


def test_without_a_slice_nothing_is_worse_and_no_worst_is_named() -> None:
    ours = predicted(np.ones(20, dtype=bool))
    found = side_effects(ours, ours, sliced(20)[["id"]], confidence=0.95, samples=200, seed=0)
    assert list(found.metrics) == ["slices_worse"]
    assert found.table["slice"].tolist() == [ALL_ROWS]


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    draw = np.random.default_rng(3)
    path = tmp_path / "slices.png"
    plot_slices(compare(draw.random(400) < 0.7, draw.random(400) < 0.9).table, path)
    assert imread(path)[..., :3].std() > 0.02
