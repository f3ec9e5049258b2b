"""The format by the file's ending, compressed or not, and files without rows."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from tasks.acquire.config import DataConfig, DemoSource, FileFormat
from tasks.acquire.formats.readers import Reading, format_of, read_file
from tasks.acquire.table import Origin, Wanted, wanted_columns
from tasks.errors import UserInputError
from tests.tasks.acquire.conftest import Read, collected


def read(folder: Path, name: str, data: bytes, wanted: Wanted, file_format: FileFormat = "auto") -> Read:
    origin = Origin("data.train", name)
    (folder / name).write_bytes(data)
    reading = Reading(format_of(origin, name, file_format), "utf-8", wanted, 1 << 30)
    return collected(read_file(folder / name, reading, origin, folder))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("A.CSV", b"text,label\na,b\n"),
        ("x.ndjson", b'{"text": "a", "label": "b"}'),
        ("x.jsonl", b'{"text":"a","label":"b"}'),
        ("x.jsonl.gz", gzip.compress(b'{"text":"a","label":"b"}', mtime=0)),
    ],
)
def test_the_ending_tells_the_format(tmp_path: Path, wanted: Wanted, name: str, data: bytes) -> None:
    assert read(tmp_path, name, data, wanted).values == [{"text": "a", "label": "b"}]


def test_a_compressed_parquet_file_is_read(tmp_path: Path, wanted: Wanted) -> None:
    pd.DataFrame({"text": ["a"], "label": ["b"]}).to_parquet(tmp_path / "plain.parquet")
    packed = gzip.compress((tmp_path / "plain.parquet").read_bytes())
    assert read(tmp_path, "x.parquet.gz", packed, wanted).values == [{"text": "a", "label": "b"}]


def test_an_unknown_ending_asks_for_the_format() -> None:
    with pytest.raises(
        UserInputError, match=r"the ending '\.tsv' .* set data\.holdout\.format to csv, jsonl or parquet"
    ):
        format_of(Origin("data.holdout", "x.tsv.gz"), "x.tsv.gz", "auto")


def test_a_given_format_wins_over_the_ending(tmp_path: Path, wanted: Wanted) -> None:
    assert read(tmp_path, "export.txt", b"text,label\na,b\n", wanted, "csv").rows == [2]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("x.csv", b"", "is empty"),
        ("x.parquet", b"", "is empty"),
        ("x.csv", b"\n\n", "is empty"),
        ("x.csv", b"text,label\n", "has columns but no rows"),
        ("x.jsonl", b"\n", "is empty"),
        ("x.csv.gz", gzip.compress(b"", mtime=0), "is empty"),
        ("x.csv", b"<!DOCTYPE html><html><body>404</body></html>", "is a web page"),
        ("x.csv", b"PAR1 and so on", r"is a Parquet file: set data\.train\.format"),
    ],
)
def test_a_file_without_rows_is_refused(tmp_path: Path, wanted: Wanted, name: str, data: bytes, words: str) -> None:
    with pytest.raises(UserInputError, match=rf"data\.train \({name}\) {words}"):
        read(tmp_path, name, data, wanted)


def test_a_nul_character_in_a_cell_sets_its_row_aside(tmp_path: Path, wanted: Wanted) -> None:
    for name, data in {
        "x.csv": b"text,label\nfine,a\nto\x00rn,a\n",
        "x.jsonl": b'{"text": "fine", "label": "a"}\n{"text": "to\\u0000rn", "label": "a"}\n',
    }.items():
        table = read(tmp_path, name, data, wanted)
        assert table.column("text") == ["fine"]
        assert [line.reason for line in table.malformed] == ["nul_character"]


def test_unlabelled_rows_need_a_text_only_and_their_label_is_not_read() -> None:
    config = DataConfig(train=DemoSource(), group_column="segment", id_column="ticket")
    assert wanted_columns(config, "train").required == {"text", "label", "group", "id"}
    wanted = wanted_columns(config, "unlabelled")
    assert wanted.required == {"text", "id"}
    assert "label" not in wanted.columns
    assert wanted_columns(config, "a public test set").columns == {"text": "text"}
