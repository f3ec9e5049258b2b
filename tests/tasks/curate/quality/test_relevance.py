"""Foreign rows are found, alone or in a crowd; rows of the task are not, whatever their label says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tasks.curate.quality.relevance import (
    NO_CONTENT,
    OFF_TASK,
    Relevance,
    flag_no_content,
    flag_relevance,
    nearest_mean,
)
from tasks.embeddings.encoder import Vectors, embed
from tests.tasks.embeddings.topics import topic_vectors, unit

TOPICS, ROWS = 8, 50
OURS = topic_vectors(TOPICS, ROWS)


def foreign(count: int, spread: float = 0.12) -> Vectors:
    """Vectors that are much like each other and unlike OURS."""
    random = np.random.default_rng(1)
    return unit(-np.eye(32)[0] + spread * random.normal(size=(count, 32)))


def frame(count: int) -> pd.DataFrame:
    """OURS with their labels, and then `count` rows with labels drawn at random."""
    drawn = np.random.default_rng(2).integers(0, TOPICS, count)
    labels = [f"label {topic}" for topic in [*np.repeat(range(TOPICS), ROWS), *drawn]]
    return pd.DataFrame({"text": [f"text {n}" for n in range(len(labels))], "label": labels}).rename("row {}".format)


@pytest.mark.parametrize("count", [1, 20])
@pytest.mark.parametrize("labelled", [True, False])
def test_foreign_rows_are_off_task_even_if_they_are_like_each_other(count: int, labelled: bool) -> None:
    rows = frame(count) if labelled else frame(count)[["text"]]
    reasons = flag_relevance(rows, np.concatenate([OURS, foreign(count)]), Relevance())
    assert list(reasons.index) == list(rows.index)
    assert list(reasons[-count:]) == [OFF_TASK] * count
    assert reasons[:-count].isna().all()


def test_a_wrong_label_does_not_make_a_row_off_task() -> None:
    rows = frame(0)
    rows.loc[rows.index[:40:2], "label"] = "label 7"
    assert flag_relevance(rows, OURS, Relevance()).isna().all()


def test_a_topic_of_the_holdout_belongs_to_the_task() -> None:
    others, rows = foreign(21), frame(1)
    vectors = np.concatenate([OURS, others[:1]])
    assert flag_relevance(rows, vectors, Relevance()).iloc[-1] == OFF_TASK
    assert flag_relevance(rows, vectors, Relevance(), holdout=others[1:]).isna().all()


def test_a_few_rows_are_not_judged_by_their_distance() -> None:
    rows, vectors = frame(1).iloc[-40:], np.concatenate([OURS, foreign(1)])[-40:]
    assert flag_relevance(rows, vectors, Relevance()).isna().all()
    assert flag_relevance(rows, vectors, Relevance(min_rows=40)).iloc[-1] == OFF_TASK


def test_a_text_that_says_nothing_has_no_content() -> None:
    empty = ["", " ", "...", "?!", "—", "N/A", "null", "none.", "aaaaaaa", "----", "Lorem ipsum dolor sit amet"]
    full = ["ok", "42", "no", "не работает", "卡丢了", "😀", "null pointer exception", "aaab", "none of it works"]
    reasons = flag_no_content(pd.Series([*empty, *full]))
    assert list(reasons[: len(empty)]) == [NO_CONTENT] * len(empty)
    assert reasons[len(empty) :].isna().all()


def test_nearest_rows_are_the_same_in_blocks_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    places = np.arange(len(OURS))
    cosines = OURS @ OURS.T
    np.fill_diagonal(cosines, -np.inf)
    expected = np.sort(cosines, axis=1)[:, -4:].mean(axis=1)
    monkeypatch.setattr("tasks.curate.quality.relevance.BLOCK_CELLS", 7 * len(OURS))
    np.testing.assert_allclose(nearest_mean(OURS, OURS, 4, places), expected, atol=1e-6)
    assert (nearest_mean(OURS[:1], OURS[:1], 4, places[:1]) == -1).all()


@pytest.mark.slow
def test_maths_among_a_banks_questions_is_found(banking77: Path) -> None:
    bank = pd.read_csv(banking77 / "train.csv").rename(columns={"category": "label"}).iloc[::5]
    lines = (banking77.parent / "math" / "test.jsonl").read_text(encoding="utf-8").splitlines()[:40]
    maths = pd.DataFrame({"text": [json.loads(line)["question"] for line in lines]})
    maths["label"] = np.random.default_rng(0).choice(bank["label"], len(maths))
    rows = pd.concat([bank, maths], ignore_index=True)
    off = (flag_relevance(rows, embed(list(rows["text"])), Relevance()) == OFF_TASK).to_numpy()
    assert off[len(bank) :].mean() > 0.9
    assert off[: len(bank)].mean() < 0.005
