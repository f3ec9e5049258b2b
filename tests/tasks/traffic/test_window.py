"""A window of served answers: its bounds, several days, and lines that are no answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tasks.errors import StorageError
from tasks.traffic.served import day_file
from tasks.traffic.window import TrafficWindow
from tasks.traffic.writer import TrafficWriter
from tests.tasks.traffic.test_writer import NOON, served


def test_a_window_spans_days_and_leaves_out_what_lies_outside() -> None:
    times = [NOON + timedelta(hours=hours) for hours in range(-48, 49, 12)]
    with TrafficWriter("m") as writer:
        writer.add(served(number, time) for number, time in enumerate(times))
    window = TrafficWindow("m", NOON - timedelta(hours=24), NOON + timedelta(hours=24))
    assert [one.time for one in window] == [time for time in times if window.since <= time < window.until]


def test_the_day_that_begins_where_a_window_ends_is_not_read() -> None:
    midnight = NOON + timedelta(hours=12)
    path = day_file("m", midnight.date())
    path.parent.mkdir(parents=True)
    path.write_text("junk")
    window = TrafficWindow("m", NOON, midnight)
    assert (list(window), window.unreadable) == ([], 0)


def test_a_model_that_never_served_has_an_empty_window() -> None:
    assert list(TrafficWindow("m", NOON - timedelta(days=3), NOON)) == []


@pytest.mark.parametrize(
    "junk", [b'{"request_id": "cut', b"\xff\xfe\n", b"[]\n", b'{"time": "2026-11-21T12:00:00"}\n'], ids=str
)
def test_lines_that_are_no_answer_are_passed_over_and_counted(junk: bytes) -> None:
    with TrafficWriter("m") as writer:
        writer.add([served(1)])
    with day_file("m", NOON.date()).open("ab") as file:
        file.write(junk)
    window = TrafficWindow("m", NOON - timedelta(hours=1), NOON + timedelta(hours=1))
    assert [one.request_id for one in window] == ["r1"]
    assert window.unreadable == 1


def test_a_file_that_cannot_be_read_is_an_error_that_names_it() -> None:
    day_file("m", NOON.date()).mkdir(parents=True)
    with pytest.raises(StorageError, match=r"2026-11-21\.jsonl"):
        list(TrafficWindow("m", NOON, datetime(2026, 11, 21, 13, tzinfo=UTC)))
