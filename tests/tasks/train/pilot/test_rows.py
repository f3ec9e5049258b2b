"""Which rows a pilot sees: apart from those it is judged on, never the holdout, and some of every label."""

from __future__ import annotations

import pandas as pd
import pytest

from tasks.datasets.folder import empty_rows, keep_dataset, read_split
from tasks.errors import UserInputError
from tasks.records import DatasetRef
from tasks.store import fetch
from tasks.train.pilot.config import PilotConfig
from tasks.train.pilot.rows import keep_pilot_rows, pilot_rows


def many_labels(rows: int = 400, labels: int = 20, weights: pd.DataFrame | None = None) -> DatasetRef:
    """Rows whose labels are as rare as 1 in 100, in three splits."""
    names = [f"label {number % labels if number % 5 else 0}" for number in range(rows)]
    frame = pd.DataFrame({"id": [f"r{number}" for number in range(rows)], "text": names, "label": names})
    frame = frame.assign(source="test", row=range(rows))
    splits = {"train": frame[: rows // 2], "validation": frame[rows // 2 : -50], "holdout": frame[-50:]}
    return keep_dataset(splits, empty_rows(), rows_in=rows, merged=0, origin={}, weights=weights)


def test_learned_steering_and_judged_rows_do_not_overlap_and_leave_the_holdout_alone() -> None:
    dataset = many_labels()
    rows = pilot_rows(dataset, PilotConfig(rows=64, judged_rows=50))
    learned, steering, judged = (set(part["id"]) for part in (rows.learned, rows.steering, rows.judged))
    assert (len(learned), len(judged)) == (64, 50)
    assert not learned & steering
    assert learned | steering <= set(read_split(dataset, "train")["id"])
    assert judged <= set(read_split(dataset, "validation")["id"])


def test_every_label_is_learned_even_where_there_are_more_than_rows_asked_for() -> None:
    dataset = many_labels()
    rows = pilot_rows(dataset, PilotConfig(rows=8))
    assert set(rows.learned["label"]) == set(dataset.labels)
    assert len(rows.learned) == 2 * len(dataset.labels)
    assert set(rows.steering["label"]) <= set(rows.learned["label"])


def test_the_same_seed_chooses_the_same_rows() -> None:
    dataset = many_labels()
    one, again, other = (pilot_rows(dataset, PilotConfig(seed=seed)).learned["id"].tolist() for seed in (1, 1, 2))
    assert one == again != other


def test_the_rows_keep_their_weights() -> None:
    weights = pd.DataFrame({"id": [f"r{number}" for number in range(0, 200, 2)], "weight": 0.5})
    dataset = many_labels(weights=weights)
    rows = pilot_rows(dataset, PilotConfig())
    kept = pd.read_parquet(fetch(keep_pilot_rows(rows, dataset)) / "weights.parquet")
    assert set(kept["id"]) == set(rows.learned["id"]) & set(weights["id"])


def test_rows_without_an_answer_take_no_part() -> None:
    frame = pd.DataFrame({"id": [f"r{number}" for number in range(60)], "text": "hello", "answer": "hi"})
    frame.loc[::3, "answer"] = None
    frame = frame.assign(source="test", row=range(60))
    splits = {"train": frame[:40], "validation": frame[40:]}
    dataset = keep_dataset(splits, empty_rows(), rows_in=60, merged=0, origin={}, task="instruction")
    rows = pilot_rows(dataset, PilotConfig(rows=16))
    for part in (rows.learned, rows.steering, rows.judged):
        assert part["answer"].notna().all()
    assert len(rows.learned) == 16


def test_too_few_rows_are_refused() -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "text": "t", "label": ["x", "y"], "source": "test", "row": [1, 2]})
    dataset = keep_dataset({"train": frame}, empty_rows(), rows_in=2, merged=0, origin={})
    with pytest.raises(UserInputError, match="2 training and 0 validation rows to pilot with; at least 8 and 1"):
        pilot_rows(dataset, PilotConfig())
