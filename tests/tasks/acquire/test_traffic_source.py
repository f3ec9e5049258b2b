"""Served traffic joined with feedback: whose word counts, what is left out, and that old days are not read again."""

from __future__ import annotations

import json
import logging
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks.acquire.config import TrafficSource
from tasks.acquire.traffic_source import traffic_files
from tasks.errors import StorageError, UserInputError
from tasks.traffic.feedback import Feedback, append_feedback
from tasks.traffic.served import Served, day_file
from tasks.traffic.writer import TrafficWriter

TODAY = date(2026, 11, 21)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def serve(*texts: str | None, time: datetime = NOON) -> None:
    """Answers to requests `r0`, `r1`, … of a text each, all predicted to be `predicted`."""
    with TrafficWriter("shop") as writer:
        writer.add(
            Served(
                request_id=f"{time:%d}r{number}",
                position=0,
                time=time,
                release=1,
                model_digest="d",
                label="predicted",
                confidence=0.9,
                text=text,
            )
            for number, text in enumerate(texts)
        )


def say(request: str, label: str, by: str = "ann", minutes: int = 1, position: int = 0) -> None:
    time = NOON + timedelta(minutes=minutes)
    append_feedback("shop", Feedback(request_id=request, position=position, label=label, by=by, time=time))


def rows(folder: Path, section: str = "data.train", **fields: Any) -> list[tuple[str, str | None]]:
    files = traffic_files(TrafficSource(model="shop", **fields), section, TODAY)
    lines = [line for file in files for line in file.fetch(folder).read_text(encoding="utf-8").splitlines()]
    return [(row["text"], row["label"]) for row in map(json.loads, lines)]


def test_a_text_gets_the_label_that_people_gave_and_never_the_predicted_one(tmp_path: Path) -> None:
    serve("a", "b")
    say("20r0", "refund")
    assert rows(tmp_path) == [("a", "refund")]
    assert rows(tmp_path, only_with_feedback=False) == [("a", "refund"), ("b", None)]


def test_the_unlabelled_split_takes_the_texts_without_feedback(tmp_path: Path) -> None:
    serve("a", "b")
    say("20r0", "refund")
    assert rows(tmp_path, "data.unlabelled") == [("b", None)]


def test_the_newest_word_of_a_person_counts_and_of_several_people_the_majority(tmp_path: Path) -> None:
    serve("corrected", "outvoted", "tied")
    say("20r0", "right", minutes=9)
    say("20r0", "wrong", minutes=3)
    for by, label in {"ann": "x", "bob": "y", "cy": "y"}.items():
        say("20r1", label, by)
    for by, label in {"ann": "x", "bob": "y"}.items():
        say("20r2", label, by)
    assert rows(tmp_path) == [("corrected", "right"), ("outvoted", "y")]


def test_feedback_that_comes_after_the_window_still_counts(tmp_path: Path) -> None:
    serve("a")
    say("20r0", "refund", minutes=5 * 24 * 60)
    assert rows(tmp_path) == [("a", "refund")]


def test_the_window_is_whole_days_and_each_is_a_file_whose_version_is_its_content(tmp_path: Path) -> None:
    for days in range(5):
        serve("text", time=NOON + timedelta(days=1 - days))
    files = traffic_files(TrafficSource(model="shop", days=3, only_with_feedback=False), "data.train", TODAY)
    assert [file.name for file in files] == [f"shop-2026-11-{day}.jsonl" for day in (18, 19, 20)]
    say("19r0", "refund")
    later = traffic_files(TrafficSource(model="shop", days=3, only_with_feedback=False), "data.train", TODAY)
    same = [before.version == after.version for before, after in zip(files, later, strict=True)]
    assert same == [True, False, True]
    assert later[1].size_bytes == later[1].fetch(tmp_path).stat().st_size


def test_a_row_has_the_moment_of_its_answer(tmp_path: Path) -> None:
    serve("a")
    (file,) = traffic_files(TrafficSource(model="shop", only_with_feedback=False), "data.train", TODAY)
    assert json.loads(file.fetch(tmp_path).read_text(encoding="utf-8"))["date"] == NOON.isoformat()


def test_what_is_left_out_is_counted_and_no_text_is_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    serve("secret words", None, "nobody spoke", "tied")
    say("20r0", "refund")
    for by in ("ann", "bob"):
        say("20r3", by, by)
    say("unknown", "refund")
    say("20r0", "refund", position=1)
    with day_file("shop", NOON.date()).open("ab") as file:
        file.write(b'{"request_id": "cut')
    with caplog.at_level(logging.INFO):
        assert rows(tmp_path) == [("secret words", "refund")]
    (line,) = caplog.messages
    left_out = "1 tied, 1 unreadable lines, 1 without feedback, 1 without text"
    assert line.endswith(f": 4 answers, 2 feedback without its request, 1 rows, {left_out}")


def test_a_day_that_grew_between_listing_and_reading_is_worth_another_try(tmp_path: Path) -> None:
    serve("a")
    (file,) = traffic_files(TrafficSource(model="shop", only_with_feedback=False), "data.train", TODAY)
    serve("b")
    with pytest.raises(StorageError, match="grew while it was read: run again"):
        file.fetch(tmp_path)
    assert list(tmp_path.rglob("shop-*.jsonl")) == []


def test_no_answers_no_texts_and_no_feedback_are_told_apart() -> None:
    source = TrafficSource(model="shop")
    with pytest.raises(UserInputError, match="holds no answers: serve the model"):
        traffic_files(source, "data.train", TODAY)
    serve(None, None)
    with pytest.raises(UserInputError, match="2 answers and the text of none: start the server with --keep-texts"):
        traffic_files(source, "data.train", TODAY)
    serve("a")
    with pytest.raises(
        UserInputError, match=r"1 without feedback, 2 without text\): send what is right to the server's POST /feedback"
    ):
        traffic_files(source, "data.train", TODAY)
