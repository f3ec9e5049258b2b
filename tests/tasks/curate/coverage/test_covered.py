"""Coverage is told dimension by dimension, with real traffic beside it where there is some."""

from __future__ import annotations

import json

import pandas as pd

from tasks.curate.coverage.covered import Coverage, coverage_of
from tests.tasks.curate.coverage.covered_rows import rows_of


def test_a_topic_that_only_traffic_has_is_the_thinnest_cell() -> None:
    rows, vectors = rows_of(parcel=150, refund=150)
    traffic, traffic_vectors = rows_of(parcel=80, refund=80, password=80)
    traffic["label"] = pd.Series(None, index=traffic.index, dtype="str")
    covered = coverage_of(
        rows,
        vectors,
        traffic,
        traffic_vectors,
        task="classification",
        settings=Coverage(topics=3),
        compared_with="test",
    )
    thinnest = covered.thin.iloc[0]
    assert (thinnest["dimension"], thinnest["cell"], thinnest["rows"]) == ("topic", "fails, login, password", 0)
    assert list(covered.tables) == ["label", "topic", "style", "length", "form", "letters"]
    assert covered.tables["label"]["traffic_share"].isna().all(), "traffic without labels says nothing of labels"
    assert covered.cells["topic"].notna().all()


def test_without_vectors_or_traffic_the_styles_are_told_all_the_same() -> None:
    rows, _ = rows_of(parcel=30, refund=5)
    covered = coverage_of(rows.assign(group="new"), None, task="classification", settings=Coverage())
    assert (covered.topics, covered.traffic_cells, covered.compared_with) == (None, None, None)
    assert set(covered.thin["cell"]) == {"refund", "statement"}
    assert list(covered.tables["group"]["cell"]) == ["new"]


def test_a_chat_is_told_by_what_the_user_asked_last() -> None:
    rows, _ = rows_of(parcel=2)
    turns = [{"role": "user", "content": "Give me five ideas"}]
    rows = rows.assign(text=json.dumps(turns), answer="One. Two.", label=None)
    covered = coverage_of(rows, None, task="chat", settings=Coverage())
    assert covered.cells["asked_format"].tolist() == ["list", "list"]
    assert covered.cells["task_type"].tolist() == ["suggest", "suggest"]
    assert "label" not in covered.tables


def test_lengths_stand_in_their_own_order() -> None:
    rows, _ = rows_of(parcel=3)
    rows["text"] = ["word " * 50, "word " * 20, "word"]
    covered = coverage_of(rows, None, task="classification", settings=Coverage())
    assert covered.tables["length"]["cell"].tolist() == ["1 to 4 words", "15 to 39 words", "40 to 99 words"]


def test_no_rows_are_covered_by_no_cell() -> None:
    rows, vectors = rows_of()
    covered = coverage_of(rows, vectors, task="classification", settings=Coverage())
    assert covered.thin.empty
