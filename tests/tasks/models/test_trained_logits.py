"""Which rows a network is asked about when its training ends."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tasks.models.trained_logits import COLUMNS, ENOUGH_ROWS, MOST_ROWS, rows_to_ask


def write(folder: Path, split: str, texts: list[str]) -> None:
    """A split whose ids are its name's first letter and a number, the last one first."""
    rows = [(f"{split[0]}{n:04}", text, f"label of {text}", "") for n, text in enumerate(texts)]
    pd.DataFrame(rows[::-1], columns=COLUMNS).to_parquet(folder / f"{split}.parquet")


def test_rows_of_validation_are_asked_about_first(tmp_path: Path) -> None:
    write(tmp_path, "validation", ["a b"] * 2)
    write(tmp_path, "train", ["c d"] * 3000)
    rows = rows_to_ask(tmp_path)
    assert rows["id"].tolist()[:3] == ["v0000", "v0001", "t0000"]
    assert len(rows) == MOST_ROWS
    assert rows["text"].str.len().eq(3).all(), "nothing is made up where there are rows enough"


def test_halves_of_few_rows_are_joined_until_there_are_enough(tmp_path: Path) -> None:
    write(tmp_path, "validation", ["where is my card", "card is lost"])
    write(tmp_path, "train", [f"word{n} is new and good" for n in range(30)])
    rows = rows_to_ask(tmp_path)
    assert len(rows) == ENOUGH_ROWS
    assert rows["id"].is_unique
    first = rows.iloc[32]
    assert tuple(first[["id", "text", "label"]]) == ("v0000 and v0001", "where is is lost", "label of where is my card")
    assert rows_to_ask(tmp_path).equals(rows)


def test_hardly_any_rows_make_as_many_as_there_can_be(tmp_path: Path) -> None:
    write(tmp_path, "train", ["one word", "another one"])
    assert rows_to_ask(tmp_path)["text"].tolist() == ["one word", "another one", "one one", "another word"]
    assert rows_to_ask(tmp_path / "nowhere").empty
