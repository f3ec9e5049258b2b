"""The round trip: a made row that reads as another label is refused, if its parent reads as its own."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.synthesize.label_check import drifted, remove_drifted
from tasks.synthesize.made import Made
from tasks.synthesize.reading import Reader, fit_probe
from tests.tasks.pii.made_up_rows import rows
from tests.tasks.synthesize.made_up import word_vectors

REAL = rows(
    [
        *((f"refund my money for the {thing}", "refund") for thing in ("lamp", "chair", "phone", "table")),
        *((f"where is the parcel with the {thing}", "delivery") for thing in ("lamp", "chair", "phone", "table")),
        ("where is the parcel", "refund"),
    ]
)


def test_a_row_has_drifted_only_where_its_parent_is_read_right() -> None:
    made, parent, label = np.array([0, 1, 1, 1]), np.array([0, 0, 1, -1]), np.array([0, 0, 0, 0])
    assert drifted(made, parent, label).tolist() == [False, True, False, False]


def test_rows_that_read_as_another_label_leave_with_their_reason() -> None:
    texts = ["give my money back, a refund", "where is the parcel with my things", "where is that parcel"]
    made = Made("slots", asked=3, rows=rows((text, "refund") for text in texts))
    # The third row's parent already reads as another label than its own: that is no fault of the making.
    made.rows = made.rows.assign(made_by="slots", made_from=pd.Series(["train-1", "train-2", "train-9"], dtype="str"))
    remove_drifted(made, REAL, Reader(REAL, embed=word_vectors, fit=fit_probe, most_rows=100, seed=1))
    assert list(made.rows["text"]) == [texts[0], texts[2]]
    assert made.refused == {"label_drift": 1}


def test_a_reader_learns_from_a_sample_of_many_rows() -> None:
    reader = Reader(REAL, embed=word_vectors, fit=fit_probe, most_rows=6, seed=1)
    assert len(reader.real) == 6
    assert reader.labels == ["delivery", "refund"]
