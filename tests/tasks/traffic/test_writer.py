"""Served answers reach the file of their day, whole and once, whatever the disk does meanwhile."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tasks.traffic.served import Served, day_file
from tasks.traffic.writer import TrafficWriter

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def served(number: int, time: datetime = NOON, text: str | None = None) -> Served:
    return Served(
        request_id=f"r{number}",
        position=0,
        time=time,
        release=1,
        model_digest="d",
        label="l",
        confidence=0.5,
        text=text,
    )


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def wait_until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_answers_are_written_while_the_server_runs_and_the_rest_when_it_ends() -> None:
    path = day_file("m", NOON.date())
    with TrafficWriter("m", flush_seconds=0.01) as writer:
        writer.add([served(1)])
        wait_until(path.is_file)
        writer.flush_seconds = 3600
        writer.add([served(2)])
    assert [line["request_id"] for line in lines(path)] == ["r1", "r2"]


def test_a_line_holds_the_answer_and_no_text_unless_it_is_given() -> None:
    with TrafficWriter("m") as writer:
        writer.add([served(1), served(2, text="Grüße\nzwei")])
    first, second = lines(day_file("m", NOON.date()))
    assert first == {
        "request_id": "r1",
        "position": 0,
        "time": "2026-11-21T12:00:00Z",
        "release": 1,
        "model_digest": "d",
        "label": "l",
        "confidence": 0.5,
    }
    assert second["text"] == "Grüße\nzwei"


def test_an_answer_goes_into_the_file_of_its_day_in_utc() -> None:
    late = datetime.fromisoformat("2026-11-21T23:30:00-02:00")
    with TrafficWriter("m") as writer:
        writer.add([served(1), served(2, time=late)])
    assert len(lines(day_file("m", NOON.date()))) == 1
    assert day_file("m", NOON.date()).with_name("2026-11-22.jsonl").is_file()


def test_answers_wait_while_the_disk_cannot_be_written_and_none_is_lost_or_doubled(refit_home: Path) -> None:
    (refit_home).mkdir()
    blocked = refit_home / "traffic"
    blocked.write_text("a file where the folder should be")
    with TrafficWriter("m", flush_seconds=0.01) as writer:
        writer.add([served(1)])
        wait_until(lambda: writer._failing)
        writer.add([served(2)])
        blocked.unlink()
        wait_until(day_file("m", NOON.date()).is_file)
    assert [line["request_id"] for line in lines(day_file("m", NOON.date()))] == ["r1", "r2"]
    assert writer.lost == 0


def test_what_waits_is_bounded_and_what_is_lost_is_counted(refit_home: Path) -> None:
    refit_home.mkdir()
    (refit_home / "traffic").write_text("a file where the folder should be")
    with TrafficWriter("m", flush_seconds=0.01, most_waiting=3) as writer:
        writer.add([served(number) for number in range(2)])
        wait_until(lambda: writer._failing)
        writer.add([served(number) for number in range(2, 7)])
        assert writer.lost == 4


def test_two_servers_can_write_the_same_file() -> None:
    with TrafficWriter("m", flush_seconds=0.001) as one, TrafficWriter("m", flush_seconds=0.001) as other:
        for number in range(500):
            one.add([served(number)])
            other.add([served(1000 + number)])
    written = [line["request_id"] for line in lines(day_file("m", NOON.date()))]
    assert len(written) == len(set(written)) == 1000


def test_personal_data_in_a_text_is_masked_unless_it_is_to_be_kept() -> None:
    for model, mask_texts in (("masked", True), ("raw", False)):
        with TrafficWriter(model, mask_texts=mask_texts) as writer:
            writer.add([served(1, text="write to jane.doe@example.com")])
    assert lines(day_file("masked", NOON.date()))[0]["text"] == "write to <EMAIL>"
    assert lines(day_file("raw", NOON.date()))[0]["text"] == "write to jane.doe@example.com"


def test_only_this_user_can_read_the_log() -> None:
    with TrafficWriter("m") as writer:
        writer.add([served(1)])
    path = day_file("m", NOON.date())
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
