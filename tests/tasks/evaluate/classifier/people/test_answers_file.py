"""A CSV of people's answers is read as people write it, and every fault is named by file, line and remedy."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tasks.errors import UserInputError
from tasks.evaluate.classifier.people.answers_file import read_answers

TRUTH = {"r1": "card", "r2": "refund"}
LABELS = frozenset({"card", "refund", "login"})
HEADER = "person,id,help,answer,advice\n"


def read(folder: Path, content: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    path = folder / "answers.csv"
    path.write_text(content, encoding="utf-8")
    return read_answers(path, TRUTH, LABELS)


def test_answers_are_split_by_help_and_given_the_holdouts_truth(tmp_path: Path) -> None:
    helped, alone = read(tmp_path, HEADER + "ann,r1,no,login,\nann,r1,yes,card,card\n\nbob,r2,yes,card,card\n")
    assert list(helped.columns) == ["person", "item", "answer", "truth", "advice"]
    assert helped.to_numpy().tolist() == [
        ["ann", "r1", "card", "card", "card"],
        ["bob", "r2", "card", "refund", "card"],
    ]
    assert alone.to_numpy().tolist() == [["ann", "r1", "login", "card"]]


def test_semicolons_a_byte_order_mark_and_columns_in_another_order_are_read(tmp_path: Path) -> None:
    content = "\ufeffID;Person;Answer;Help;Advice;note\nr1;ann;card;No;;x\nr1;ann;card;YES;login;y\n"
    helped, alone = read(tmp_path, content)
    assert helped["advice"].tolist() == ["login"]
    assert len(alone) == 1


FAULTS = {
    "ann,r9,no,card,": "line 2: id is 'r9', which is no row of the holdout",
    "ann,r1,maybe,card,": "line 2: help is 'maybe', but must be yes or no",
    "ann,r1,no,carrd,": "line 2: answer is 'carrd', but must be one of the labels card, login, refund",
    "ann,r1,yes,card,": "line 2: advice is empty, but help is yes",
    "ann,r1,no,card,card": "line 2: advice is 'card', but help is no",
    ",r1,no,card,": "line 2: person is empty",
    "ann,r1,no,card": "line 2: 4 cells where the header has 5",
    "ann,r1,no,card,\nann,r1,no,login,": "line 3: ann has answered the row r1 without help in line 2 already",
    "ann,r1,no,card,\n": "has no answer with help = yes",
    '"ann,r1,no,card,': "a cell that holds quotes",
}


@pytest.mark.parametrize("rows", FAULTS)
def test_a_fault_is_named_by_its_line(tmp_path: Path, rows: str) -> None:
    with pytest.raises(UserInputError) as refused:
        read(tmp_path, HEADER + rows)
    assert FAULTS[rows] in str(refused.value)
    assert "answers.csv" in str(refused.value)


def test_a_file_without_its_header_an_empty_one_and_one_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match="the header has no column help, advice"):
        read(tmp_path, "person,id,answer\n")
    with pytest.raises(UserInputError, match="is empty"):
        read(tmp_path, "")
    with pytest.raises(UserInputError, match=r"evaluation\.people\.path\) cannot be read \(No such file"):
        read_answers(tmp_path / "none.csv", TRUTH, LABELS)
