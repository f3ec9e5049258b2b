"""A batch survives what spreadsheets do to it, and a broken one is refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.errors import UserInputError
from tasks.label.csv_file import Question, question_id, read_questions, write_questions


def question(text: str, label: str = "", annotator: str = "") -> Question:
    return Question(question_id(text), text, "refund", "0.41", label, annotator)


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


NASTY = [
    "a, b; c",
    'she said "no"',
    "two\nlines",
    "=1+1",
    "-5 off",
    "@home",
    "+1 for this",
    "'=quoted",
    "grüße ☂",
    "00123",
]


def test_texts_come_back_as_they_went_in(tmp_path: Path) -> None:
    questions = [question(text, label="=x" if index == 3 else "") for index, text in enumerate(NASTY)]
    assert write_questions(tmp_path / "b.csv", questions, new=True)
    assert read_questions(tmp_path / "b.csv") == questions


def test_no_cell_is_taken_for_a_formula(tmp_path: Path) -> None:
    write_questions(tmp_path / "b.csv", [question('=HYPERLINK("http://x")')], new=True)
    assert ",=HYPERLINK" not in (tmp_path / "b.csv").read_text(encoding="utf-8-sig").replace('"', "")


def test_a_batch_that_exists_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    assert write_questions(path, [question("one")], new=True)
    assert not write_questions(path, [question("two")], new=True)
    assert read_questions(path) == [question("one")]
    assert [file.name for file in tmp_path.iterdir()] == ["b.csv"]


HEADER = "id,text,suggested,confidence,label,annotator"
ROW = f"{question_id('hi there')},hi there,refund,0.41,login,ann"


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\n{ROW}\n",
        f"\ufeff{HEADER}\r\n{ROW}\r\n",
        f"{HEADER}\r{ROW}\r",
        f"{HEADER};\n{ROW};\n".replace(",", ";"),
        f"sep=;\n{HEADER}\n{ROW}\n".replace(",", ";"),
        f"{HEADER}\n{ROW}\n".replace(",", "\t"),
        f"\n\n{HEADER.upper()}\n,,,,,\n\n  {ROW.replace(',', ' , ')}  \n;;\n".replace(";;\n", ",,,,,,,\n"),
        f"{HEADER}\n{ROW}".encode("utf-16"),
        "Label,Text,Id,Annotator,suggested,confidence\n"
        f'"login","hi there","{question_id("hi there")}","ann","refund","0.41"\n',
    ],
)
def test_what_spreadsheets_make_of_a_file_is_read_alike(tmp_path: Path, content: str | bytes) -> None:
    path = written(tmp_path / "batch-0001.csv", content)
    assert read_questions(path) == [question("hi there", "login", "ann")]


def test_a_row_that_a_person_added_without_an_id_gets_one(tmp_path: Path) -> None:
    path = written(tmp_path / "b.csv", f"{HEADER}\n,my own words,,,login,\n")
    assert read_questions(path) == [Question(question_id("my own words"), "my own words", "", "", "login", "")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"b\.csv is empty: put its header back"),
        ("id,label\nq1,x\n", r"the header has no column text; it must be id,text,"),
        (f"{HEADER}\n{ROW}\n{ROW},more\n", r"line 3: 7 cells where the header has 6"),
        (f'{HEADER}\n{ROW}\nq2,"never closed,x\n', r"line 3: .*must be in quotes"),
        (f"{HEADER}\nq1,,refund,0.4,login,\n", r"line 2: the column text is empty"),
        (f"{HEADER}\n".encode() + b"q1,caf\xe9,,,,\n", r"line 2: not UTF-8; save the file again as 'CSV UTF-8'"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = written(tmp_path / "b.csv", content)
    with pytest.raises(UserInputError, match=message) as caught:
        read_questions(path)
    assert str(path) in str(caught.value)


def test_a_very_long_cell_is_read(tmp_path: Path) -> None:
    long = question("word " * 60_000 + "end")
    write_questions(tmp_path / "b.csv", [long], new=True)
    assert read_questions(tmp_path / "b.csv") == [long]
