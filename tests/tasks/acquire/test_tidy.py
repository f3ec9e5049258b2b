"""Dates of every ISO form become moments that sort as text; what is none is set aside with its row."""

from __future__ import annotations

import pytest

from tasks.acquire.table import batch_of
from tasks.acquire.tidy import tidied


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2026-11-22", "2026-11-22T00:00:00Z"),
        ("2026-11-22 09:30:00", "2026-11-22T09:30:00Z"),
        ("2026-11-22T09:30:00+01:00", "2026-11-22T08:30:00Z"),
        ("2026-11-22T09:30:00.123456Z", "2026-11-22T09:30:00Z"),
        ("  ", None),
        (None, None),
    ],
)
def test_a_date_becomes_a_moment_in_utc(written: str | None, kept: str | None) -> None:
    batch = tidied(batch_of([1, 2], {"text": ["a", "b"], "date": [written, "2020-01-01"]}))
    assert batch.rows.column("date").to_pylist() == [kept, "2020-01-01T00:00:00Z"]
    assert not batch.malformed


@pytest.mark.parametrize("written", ["22/11/2026", "yesterday", "2026-13-01", "1795340000"])
def test_a_row_whose_date_is_none_is_malformed_and_the_others_stay(written: str) -> None:
    batch = tidied(batch_of([3, 4, 5], {"text": ["a", "b", "c"], "date": ["2026-01-02", written, None]}))
    assert batch.rows.column("text").to_pylist() == ["a", "c"]
    assert batch.rows.column("date").to_pylist() == ["2026-01-02T00:00:00Z", None]
    [line] = batch.malformed
    assert (line.row, line.reason) == (4, "bad_date")
    assert written in line.raw
    assert written not in line.detail


def test_a_column_without_any_date_and_a_batch_without_rows_stay_as_they_are() -> None:
    assert tidied(batch_of([1], {"text": ["a"], "date": [None]})).rows.column("date").to_pylist() == [None]
    assert len(tidied(batch_of([], {"text": [], "date": []})).rows) == 0


def test_a_nul_and_a_bad_date_are_told_in_the_order_of_their_rows() -> None:
    batch = tidied(batch_of([1, 2, 3], {"text": ["a", "b\0", "c"], "date": ["never", "2026-01-01", "2026-01-01"]}))
    assert [(line.row, line.reason) for line in batch.malformed] == [(1, "bad_date"), (2, "nul_character")]
