"""The format by the file's ending, and files without rows."""

from __future__ import annotations

import pytest

from tasks.acquire.config import DataConfig, DemoSource
from tasks.acquire.readers import read_table
from tasks.acquire.table import Origin, Wanted, wanted_columns
from tasks.errors import UserInputError


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("A.CSV", b"text,label\na,b\n"),
        ("x.ndjson", b'{"text": "a", "label": "b"}'),
        ("x.jsonl", b'{"text":"a","label":"b"}'),
    ],
)
def test_the_ending_tells_the_format(wanted: Wanted, name: str, data: bytes) -> None:
    table = read_table(data, "auto", "utf-8", wanted, Origin("data.train", name))
    assert table.values == [{"text": "a", "label": "b"}]


def test_an_unknown_ending_asks_for_the_format(wanted: Wanted) -> None:
    with pytest.raises(
        UserInputError, match=r"the ending '\.tsv' .* set data\.holdout\.format to csv, jsonl or parquet"
    ):
        read_table(b"a", "auto", "utf-8", wanted, Origin("data.holdout", "x.tsv"))


def test_a_given_format_wins_over_the_ending(wanted: Wanted) -> None:
    assert read_table(b"text,label\na,b\n", "csv", "utf-8", wanted, Origin("data.train", "export.txt")).rows == [2]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("x.csv", b"", "is empty"),
        ("x.parquet", b"", "is empty"),
        ("x.csv", b"\n\n", "is empty"),
        ("x.csv", b"text,label\n", "has columns but no rows"),
        ("x.jsonl", b"\n", "is empty"),
    ],
)
def test_a_file_without_rows_is_refused(wanted: Wanted, name: str, data: bytes, words: str) -> None:
    with pytest.raises(UserInputError, match=rf"data\.train \({name}\) {words}"):
        read_table(data, "auto", "utf-8", wanted, Origin("data.train", name))


def test_unlabelled_rows_need_a_text_only_and_their_label_is_not_read() -> None:
    config = DataConfig(train=DemoSource(), group_column="segment", id_column="ticket")
    assert wanted_columns(config, "train").required == {"text", "label", "group", "id"}
    wanted = wanted_columns(config, "unlabelled")
    assert wanted.required == {"text", "id"}
    assert "label" not in wanted.columns
