"""Topics are found, named by what tells them apart, shown without personal data, and always the same."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.curate.coverage.topics import find_topics
from tests.tasks.curate.coverage.covered_rows import rows_of


def test_topics_are_named_by_their_telling_words_the_largest_first() -> None:
    rows, vectors = rows_of(refund=60, password=100, parcel=80)
    topics = find_topics(rows["text"], vectors, count=3, most=24, seed=0)
    assert topics is not None
    assert topics.names == ("fails, login, password", "courier, lost, parcel", "account, paid, refund")
    words = dict(zip(("password", "parcel", "refund"), topics.names, strict=True))
    assert topics.of(vectors) == [words[label] for label in rows["label"]]


def test_the_number_of_topics_follows_the_rows_up_to_the_most() -> None:
    rows, vectors = rows_of(parcel=100, refund=100)
    for most, expected in ((24, 4), (2, 2)):
        topics = find_topics(rows["text"], vectors, count=None, most=most, seed=0)
        assert topics is not None
        assert len(topics.names) == expected == len(set(topics.names))


def test_too_few_rows_have_no_topics() -> None:
    rows, vectors = rows_of(parcel=60)
    assert find_topics(rows["text"], vectors, count=None, most=24, seed=0) is None


def test_a_topic_is_not_named_by_personal_data_or_by_a_rare_word() -> None:
    texts = pd.Series([f"write to ada.lovelace@example.com about parcel {n}" for n in range(98)] + ["Zebedee"] * 2)
    vectors = np.tile(np.eye(2, dtype=np.float32), (50, 1))
    topics = find_topics(texts, vectors, count=2, most=2, seed=0)
    assert topics is not None
    shown = " ".join(topics.names).lower()
    assert not any(word in shown for word in ("ada", "lovelace", "example", "zebedee", "email"))


def test_the_same_rows_give_the_same_topics() -> None:
    rows, vectors = rows_of(parcel=90, refund=90, password=90)
    one, two = (find_topics(rows["text"], vectors, count=None, most=24, seed=3) for _ in range(2))
    assert one is not None
    assert two is not None
    assert one.names == two.names
    assert np.array_equal(one.centres, two.centres)
