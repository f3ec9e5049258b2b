"""The slices of a holdout follow from its rows alone, and none is too small, whole, or there twice."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.evaluate.classifier.side_effects.slices import slices_of

COUNTS = {"card": 200, "login": 200, "refund": 200, "rare": 5}


def holdout(rows: int = 80) -> pd.DataFrame:
    places = np.arange(rows)
    return pd.DataFrame(
        {
            "id": [f"r{number}" for number in places],
            "text": [
                ("word " * (number % 8 + 1)) + ("7" if number % 5 == 0 else "") + ("?" if number % 7 < 3 else "")
                for number in places
            ],
            "label": np.array(["card", "login", "refund", "rare"])[places % 4],
            "group": [None if number % 3 == 0 else ("young" if number % 3 == 1 else "old") for number in places],
            "source": ["all.csv"] * rows,
        }
    )


def training() -> pd.Series:
    return pd.Series([label for label, count in COUNTS.items() for _ in range(count)])


def test_rows_are_in_the_slices_of_their_label_group_length_and_kind_of_text() -> None:
    rows = holdout()
    slices = slices_of(rows, training(), smallest=5)
    assert slices["id"].tolist() == rows["id"].tolist()
    assert slices["label: card"].tolist() == (rows["label"] == "card").tolist()
    assert slices["group: young"].tolist() == (rows["group"] == "young").tolist()
    assert slices["text: questions"].tolist() == rows["text"].str.contains("?", regex=False).tolist()
    assert slices["text: with digits"].tolist() == rows["text"].str.contains("7").tolist()
    quarters = slices[[name for name in slices.columns if name.startswith("length:")]]
    assert quarters.shape[1] == 4
    assert (quarters.sum(axis=1) == 1).all()
    assert set(slices.drop(columns="id").dtypes) == {np.dtype(bool)}


def test_a_slice_of_all_rows_of_few_rows_or_there_already_is_left_out() -> None:
    rows = holdout()
    rows["group"] = rows["label"].map({"card": "cards"})
    rows.loc[:3, "text"] = "écrit à la main"
    slices = slices_of(rows, training(), smallest=10)
    assert "source: all.csv" not in slices.columns
    assert "group: cards" not in slices.columns, "these are the rows of the label card"
    assert "text: with letters beyond ASCII" not in slices.columns, "these are four rows"


def test_rare_labels_and_labels_unknown_to_training_are_slices_of_their_own() -> None:
    rows = holdout()
    rows.loc[rows["label"] == "login", "label"] = "brand_new"
    slices = slices_of(rows, training(), smallest=5)
    rarest = slices["labels: rarest quarter in training"]
    assert set(rows.loc[rarest.to_numpy(), "label"]) == {"rare", "brand_new"}
    even = slices_of(rows[rows["label"] == "card"], training(), smallest=5)
    assert not any(name.startswith("labels:") for name in even.columns)


def test_two_models_would_get_the_same_slices() -> None:
    pd.testing.assert_frame_equal(slices_of(holdout(), training(), 5), slices_of(holdout(), training(), 5))
