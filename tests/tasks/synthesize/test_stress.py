"""Stress sets: holdout rows as a drift to come would change them, each with its name and its parent."""

from __future__ import annotations

import pytest

from tasks.datasets.folder import COLUMNS
from tasks.errors import UserInputError
from tasks.records import DatasetRef
from tasks.synthesize.config import StressConfig
from tasks.synthesize.stress import stress_sets
from tests.tasks.pii.made_up_rows import dataset, good_rows

HOLDOUT = [
    ("Hello, could you tell me how I can buy a lamp?", "sales"),
    ("Please cancel my order, I don't need it.", "cancel"),
    ("Where is the parcel with my photo?", "delivery"),
    ("I want to cancel the order with the parcel", "cancel"),
]
NAMES = ("typos", "terse", "new_vocabulary", "formal", "prior_shift", "longer")


@pytest.fixture
def held_out() -> DatasetRef:
    return dataset(train=[*good_rows(10), ("I purchased a parcel", "delivery")], holdout=HOLDOUT)


def test_each_set_names_its_drift_and_keeps_label_and_parent(held_out: DatasetRef) -> None:
    sets = stress_sets(held_out, StressConfig.model_validate({"sets": NAMES}))
    labels = {f"holdout-{number}": label for number, (_, label) in enumerate(HOLDOUT, 1)}
    texts = {text for text, _ in HOLDOUT}
    assert tuple(sets) == NAMES
    for name, rows in sets.items():
        assert tuple(rows.columns) == COLUMNS
        assert len(rows) > 0
        assert set(rows["made_by"]) == {f"stress:{name}"}
        assert list(rows["label"]) == [labels[parent] for parent in rows["made_from"]]
        assert rows["id"].is_unique
        assert (set(rows["text"]) <= texts) == (name == "prior_shift")


def test_new_vocabulary_has_the_users_words_and_synonyms_that_training_lacks(held_out: DatasetRef) -> None:
    config = StressConfig(sets=("new_vocabulary",), vocabulary={"lamp": "luminaire"})
    texts = " ".join(stress_sets(held_out, config)["new_vocabulary"]["text"])
    assert "buy a luminaire" in texts or "purchase a luminaire" in texts
    assert "picture" in texts, "a synonym that no train row has"


def test_labels_are_re_weighted_as_asked_and_no_row_stands_twice() -> None:
    held = dataset(train=good_rows(4), holdout=good_rows(200, ("refund", "delivery"), start=50))
    config = StressConfig(sets=("prior_shift",), label_weights={"refund": 3, "delivery": 1})
    shifted = stress_sets(held, config)["prior_shift"]
    assert shifted["label"].value_counts().to_dict() == {"refund": 100, "delivery": 33}
    assert shifted["made_from"].is_unique


def test_no_set_is_larger_than_asked_for_and_the_same_seed_gives_the_same_rows() -> None:
    held = dataset(train=good_rows(4), holdout=good_rows(200, start=50))
    config = StressConfig(sets=("typos", "prior_shift"), rows=30)
    first, again = stress_sets(held, config), stress_sets(held, config)
    assert all(len(rows) <= 30 for rows in first.values())
    assert all(first[name].equals(again[name]) for name in first)
    other = stress_sets(held, StressConfig(sets=("typos", "prior_shift"), rows=30, seed=18))
    assert not first["typos"].equals(other["typos"])


def test_what_cannot_be_made_is_said() -> None:
    with pytest.raises(UserInputError, match="needs a holdout"):
        stress_sets(dataset(train=good_rows(4)), StressConfig(sets=("typos",)))
    held = dataset(train=good_rows(4), holdout=HOLDOUT)
    with pytest.raises(UserInputError, match="'unheard', which no row has"):
        stress_sets(held, StressConfig(sets=("prior_shift",), label_weights={"unheard": 1}))
