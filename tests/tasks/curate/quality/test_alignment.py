"""Labels that were swapped are found, with what they should have been; what cannot be judged is counted."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.curate.quality.alignment import LIKELY_LABEL_ERROR, Alignment, flag_alignment
from tests.tasks.embeddings.topics import topic_vectors

NAMES = ["card", "login", "refund", "transfer"]
VECTORS = topic_vectors(4, 60)
WRONG = [5, 70, 71, 130, 200]


def make_rows() -> pd.DataFrame:
    labels = np.repeat(NAMES, 60)
    labels[WRONG] = ["login", "refund", "card", "transfer", "card"]
    return pd.DataFrame({"id": [f"r{n:03d}" for n in range(240)], "label": labels}, index=range(1000, 1240))


def test_swapped_labels_are_flagged_with_what_they_should_have_been() -> None:
    rows = make_rows()
    found = flag_alignment(rows, VECTORS, Alignment())
    assert list(found.reasons.index) == list(rows.index)
    assert list(np.flatnonzero(found.reasons == LIKELY_LABEL_ERROR)) == WRONG
    evidence = found.evidence.set_index("id")
    assert dict(evidence["label"]) == dict(rows.iloc[WRONG].set_index("id")["label"])
    assert dict(evidence["suggested"]) == {f"r{n:03d}": NAMES[n // 60] for n in WRONG}
    assert found.evidence["belief"].is_monotonic_increasing
    assert (evidence["confidence"] > evidence["belief"]).all()
    assert found.judged == 240


def test_right_labels_are_left_alone() -> None:
    rows = make_rows().assign(label=np.repeat(NAMES, 60))
    found = flag_alignment(rows, VECTORS, Alignment())
    assert found.reasons.isna().all()
    assert found.evidence.empty


def test_the_same_rows_give_the_same_evidence() -> None:
    first, second = (flag_alignment(make_rows(), VECTORS, Alignment()).evidence for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_rare_labels_and_rows_without_one_are_counted_and_not_judged() -> None:
    rows = make_rows()
    rows.loc[rows.index[:4], "label"] = "rare"
    rows.loc[rows.index[10:12], "label"] = None
    found = flag_alignment(rows, VECTORS, Alignment())
    assert found.too_few == {"rare": 4}
    assert found.judged == 240 - 4 - 2
    assert found.reasons.iloc[[0, 1, 2, 3, 10, 11]].isna().all()
    assert found.reasons.iloc[5] == LIKELY_LABEL_ERROR


def test_where_fewer_than_two_labels_can_be_judged_none_is() -> None:
    rows = make_rows().assign(label=["card"] * 236 + ["login"] * 4)
    found = flag_alignment(rows, VECTORS, Alignment())
    assert (found.judged, found.too_few) == (0, {"card": 236, "login": 4})
    assert found.reasons.isna().all()


def test_a_label_that_is_mostly_wrong_is_still_learned_from() -> None:
    rows = make_rows()
    rows.loc[rows.index[:6], "label"] = "odd"
    found = flag_alignment(rows, VECTORS, Alignment(rounds=3))
    assert found.judged == 240
