"""Parquet: types become text, and a damaged file is one clear message."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tasks.acquire.formats import arrow_reader
from tasks.acquire.table import Origin, Wanted
from tasks.errors import UserInputError
from tests.tasks.acquire.conftest import Read, collected

MOST_BYTES = 1 << 30


def read_parquet(data: bytes, wanted: Wanted, origin: Origin, most_bytes: int = MOST_BYTES) -> Read:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.parquet"
        path.write_bytes(data)
        return collected(arrow_reader.read_parquet(path, wanted, origin, most_bytes))


def parquet(**columns: Any) -> bytes:
    file = io.BytesIO()
    pd.DataFrame(columns).to_parquet(file, index=False)
    return file.getvalue()


def test_whole_numbers_stay_whole_even_where_pandas_made_them_floats(origin: Origin, wanted: Wanted) -> None:
    table = read_parquet(parquet(text=["a", "b", None], label=[1, None, 3]), wanted, origin)
    assert [(values["text"], values["label"]) for values in table.values] == [("a", "1"), ("b", None), (None, "3")]
    assert table.rows == [1, 2, 3]


def test_categories_become_their_names(origin: Origin, wanted: Wanted) -> None:
    table = read_parquet(parquet(text=["a", "b"], label=pd.Categorical(["x", "y"])), wanted, origin)
    assert [values["label"] for values in table.values] == ["x", "y"]


@pytest.mark.parametrize("keep", [3, 200, -1])
def test_a_truncated_file_is_named_as_such(origin: Origin, wanted: Wanted, keep: int) -> None:
    whole = parquet(text=["a"] * 500, label=["b"] * 500)
    with pytest.raises(UserInputError, match=r"train\.csv.* is not a whole Parquet file.*get it again"):
        read_parquet(whole[:keep], wanted, origin)


def test_damaged_pages_are_named_as_such(origin: Origin, wanted: Wanted) -> None:
    whole = parquet(text=[f"text {n}" for n in range(500)], label=["b"] * 500)
    with pytest.raises(UserInputError, match="is not a whole Parquet file"):
        read_parquet(whole[:4] + b"\xff" * 300 + whole[304:], wanted, origin)


def test_a_column_of_lists_is_refused(origin: Origin, wanted: Wanted) -> None:
    with pytest.raises(UserInputError, match=r"column 'label' .* holds list.*allowed are strings and plain numbers"):
        read_parquet(parquet(text=["a"], label=[["b"]]), wanted, origin)


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_moments_are_read_where_they_are_the_date_and_nowhere_else(origin: Origin, zone: str | None) -> None:
    moments = pd.Series([pd.Timestamp("2026-07-01T10:30:00"), pd.NaT]).dt.tz_localize(zone)
    dated = Wanted({"text": "text", "date": "day"}, frozenset({"text", "date"}))
    hour = 8 if zone == "Europe/Berlin" else 10
    table = read_parquet(parquet(text=["a", "b"], day=moments), dated, origin)
    assert table.column("date") == [f"2026-07-01T{hour:02}:30:00Z", None]
    days = read_parquet(parquet(text=["a"], day=[moments.iloc[0].date()]), dated, origin)
    assert days.column("date") == ["2026-07-01T00:00:00Z"]
    with pytest.raises(UserInputError, match=r"column 'day' .* holds timestamp.*allowed are strings and plain numbers"):
        read_parquet(parquet(text=["a", "b"], day=moments), Wanted({"text": "day"}, frozenset({"text"})), origin)


def test_a_missing_column_is_named_beside_those_that_are_there(origin: Origin, wanted: Wanted) -> None:
    with pytest.raises(UserInputError, match="no column 'text'; its columns are 'body', 'label'"):
        read_parquet(parquet(body=["a"], label=["b"]), wanted, origin)
