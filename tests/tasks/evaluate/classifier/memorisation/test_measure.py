"""A holdout that was learned from shows: by its texts in the training split, and by a score above the validation's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from tasks.evaluate.classifier.answers import answer
from tasks.evaluate.classifier.memorisation.config import MemorisationConfig
from tasks.evaluate.classifier.memorisation.measure import COLUMNS, difference_of_shares, measure_memorisation
from tasks.evaluate.classifier.memorisation.plot import plot_memorisation
from tasks.evaluate.classifier.subject import Subject
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.room import Found
from tasks.metrics.intervals import share_interval
from tests.tasks.evaluate.classifier.known_classifier import KnownClassifier, make_holdout

HOLDOUT = make_holdout(240)


def found_in(folder: Path, train: pd.DataFrame, validation: pd.DataFrame | None) -> Found:
    train.to_parquet(folder / "train.parquet")
    others = [train]
    if validation is not None:
        validation.to_parquet(folder / "validation.parquet")
        others.append(validation)
    classifier = KnownClassifier(pd.concat([HOLDOUT, *others]), wrong=0.2)
    subject = Subject(folder, folder, classifier, HOLDOUT, answer(classifier, HOLDOUT))
    return measure_memorisation(subject, MemorisationConfig(validation_rows=100), EvaluationConfig())


def named(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    return rows.assign(id=kind + rows["id"], text=f"{kind} " + rows["text"])


def test_rows_of_the_holdout_that_were_learned_are_counted_whatever_their_case_and_blanks(tmp_path: Path) -> None:
    learned = HOLDOUT.head(7).assign(text=lambda rows: " " + rows["text"].str.upper().str.replace(" ", "  "))
    found = found_in(tmp_path, pd.concat([named(HOLDOUT, "other"), learned]), named(HOLDOUT, "validation"))
    figure = found.metrics["holdout_rows_learned"]
    assert (figure.value, figure.low, figure.high) == (7, 7, 7)
    assert dict(zip(found.table["part"], found.table["rows"], strict=True)) == {
        "holdout, learned": 7,
        "holdout, not learned": 233,
        "validation": 100,
    }
    assert list(found.table.columns) == list(COLUMNS)
    assert (found.table["low"] <= found.table["accuracy"]).all()


def test_of_a_model_that_knows_both_splits_equally_well_neither_is_surely_above(tmp_path: Path) -> None:
    found = found_in(tmp_path, named(HOLDOUT, "train"), named(HOLDOUT, "validation"))
    above = found.metrics["accuracy_above_validation"]
    assert found.metrics["holdout_rows_learned"].high == 0
    assert (above.low or 0) < 0 < (above.high or 0)
    assert found.missing == ""


def test_without_a_validation_split_the_figure_is_missing_and_said_to_be(tmp_path: Path) -> None:
    found = found_in(tmp_path, named(HOLDOUT, "train"), None)
    assert set(found.metrics) == {"holdout_rows_learned"}
    assert found.missing == "there is no validation split to compare the holdout's accuracy with"


@pytest.mark.parametrize(("one", "other"), [(0.9, 0.9), (0.95, 0.85), (1.0, 0.97)])
def test_the_interval_of_a_difference_holds_the_truth_as_often_as_it_says(one: float, other: float) -> None:
    draw, missed = np.random.default_rng(0), np.zeros(2)
    for _ in range(400):
        shares = [share_interval(int(draw.binomial(rows, p)), rows, 0.9) for rows, p in ((400, one), (150, other))]
        found = difference_of_shares(*shares)
        missed += [(found.low or 0) > one - other + 1e-9, (found.high or 0) < one - other - 1e-9]
    # Each end may miss in 5 % of the trials, which is 20, with a standard deviation of 4.4.
    assert (missed <= 32).all()


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    found = found_in(tmp_path, named(HOLDOUT, "train"), named(HOLDOUT, "validation"))
    plot_memorisation(found.table, found.metrics, tmp_path / "memorisation.png")
    assert imread(tmp_path / "memorisation.png")[..., :3].std() > 0.02
