"""Uniqueness: which rows fold into which, and which training rows a test has too."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.curate.quality.semantic_duplicates import semantic_duplicate_groups
from tasks.curate.quality.uniqueness import Uniqueness, flag_duplicates, flag_near_split, flag_test_sets
from tasks.datasets.folder import with_all_columns


def rows_of(texts: list[str], labels: list[str] | None = None, answers: list[str] | None = None) -> pd.DataFrame:
    columns = {"label": labels, "answer": answers}
    given = {name: values for name, values in columns.items() if values is not None}
    count = len(texts)
    frame = pd.DataFrame(
        {"id": [str(n) for n in range(count)], "source": "a.csv", "row": range(1, count + 1), "text": texts, **given}
    )
    return with_all_columns(frame).set_axis(range(100, 100 + count))


def unit(*rows: tuple[float, float]) -> NDArray[np.float32]:
    vectors = np.array(rows, dtype=np.float32)
    unit_long: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit_long


def test_a_near_duplicate_folds_into_the_first_row_of_its_label_only() -> None:
    rows = rows_of(
        ["I want to cancel my last order", "i want to cancel my last orders", "I want to cancel my last order!"],
        ["cancel", "cancel", "refund"],
    )
    flags = flag_duplicates(rows, Uniqueness())
    assert flags["reason"].fillna("-").tolist() == ["-", "near_duplicate", "-"]
    assert flags["first"].tolist() == [100, 100, 102]


def test_rows_that_say_the_same_in_other_words_fold_too_and_take_their_followers_along() -> None:
    rows = rows_of(
        ["my card is lost", "no trace of the card anywhere", "no trace of the card anywhere.", "how high is the fee"],
        ["lost", "lost", "lost", "fee"],
    )
    vectors = unit((1, 0), (1, 0.05), (1, 0.05), (1, 0))
    flags = flag_duplicates(rows, Uniqueness(semantic=0.97), vectors)
    assert flags["reason"].fillna("-").tolist() == ["-", "semantic_duplicate", "near_duplicate", "-"]
    assert flags["first"].tolist() == [100, 100, 100, 103]
    sampled = flag_duplicates(rows, Uniqueness(semantic=0.97), vectors[:1], embedded=np.array([0]))
    assert sampled["first"].tolist() == [100, 101, 101, 103], "only rows with an embedding are looked at"


def test_the_same_prompt_with_another_answer_is_no_repeat() -> None:
    answers = [
        "Take the red line and change at the market",
        "Take the red line and change at the market.",
        "I do not know",
    ]
    flags = flag_duplicates(rows_of(["How do I get to the airport?"] * 3, answers=answers), Uniqueness())
    assert flags["first"].tolist() == [100, 100, 102]


def test_chats_are_compared_by_what_was_said() -> None:
    chats = [f'[{{"role":"user","content":"{said}"}}]' for said in ("good morning", "call a taxi", "Good morning!")]
    assert flag_duplicates(rows_of(chats), Uniqueness())["first"].tolist() == [100, 101, 100]


def test_a_row_near_to_a_holdout_row_is_flagged_whatever_its_label() -> None:
    train = rows_of(["where is the card that i ordered", "what is the exchange rate today"], ["a", "b"])
    holdout = rows_of(["Where is the card that I ordered??"], ["c"])
    assert flag_near_split(train, holdout, Uniqueness(), "holdout").fillna("-").tolist() == ["near_holdout", "-"]
    assert flag_near_split(train, holdout, Uniqueness(near=None), "holdout").isna().all()


def test_a_row_of_a_named_test_set_is_flagged_in_text_and_answer() -> None:
    question = "a robe takes two bolts of blue fiber and half that much white fiber how many bolts in total"
    known = {"math": pd.Series([question], dtype="str")}
    rows = rows_of([f"Solve: {question}?", "Make up a puzzle", "Hello"], answers=["three", question, "Hello to you"])
    assert flag_test_sets(rows, Uniqueness(), known).fillna("-").tolist() == [
        "in_test_set:math",
        "in_test_set:math",
        "-",
    ]


def test_semantic_groups_are_those_of_one_row_after_the_other() -> None:
    draw = np.random.default_rng(1)
    centres = draw.normal(size=(400, 12))
    vectors = (centres[draw.integers(0, 400, 1300)] + draw.normal(scale=0.12, size=(1300, 12))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    leaders: list[int] = []
    wanted = []
    for row, vector in enumerate(vectors):
        alike = [leader for leader in leaders if float(vectors[leader] @ vector) >= 0.95]
        wanted.append(alike[0] if alike else row)
        leaders += [] if alike else [row]
    assert 300 < len(leaders) < 1000
    assert semantic_duplicate_groups(vectors, 0.95).tolist() == wanted
