"""Old days go, answers and feedback alike, and nothing else does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tasks.errors import StorageError
from tasks.traffic.feedback import append_feedback, feedback_folder
from tasks.traffic.retention import remove_older
from tasks.traffic.served import day_file
from tasks.traffic.writer import TrafficWriter
from tests.tasks.traffic.test_feedback import said
from tests.tasks.traffic.test_writer import NOON, served

TODAY = NOON.date()


def test_days_before_the_kept_ones_are_removed_and_other_files_stay() -> None:
    with TrafficWriter("m") as writer:
        writer.add(served(days, NOON - timedelta(days=days)) for days in range(5))
    for days in range(5):
        append_feedback("m", said(days, days=-days))
    notes = feedback_folder("m").parent / "2020-notes.jsonl"
    notes.write_text("kept")
    assert remove_older("m", 2, TODAY) == 4
    kept = [(TODAY - timedelta(days=days)).isoformat() + ".jsonl" for days in (2, 1, 0)]
    assert sorted(path.name for path in feedback_folder("m").iterdir()) == kept
    assert sorted(path.name for path in notes.parent.glob("*.jsonl")) == ["2020-notes.jsonl", *kept]


def test_a_folder_that_others_could_enter_is_closed() -> None:
    folder = day_file("m", TODAY).parent
    folder.mkdir(parents=True, mode=0o755)
    assert remove_older("m", 90, TODAY) == 0
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_place_that_is_no_folder_is_an_error_that_names_it() -> None:
    folder = day_file("m", TODAY).parent
    folder.parent.mkdir(parents=True)
    folder.write_text("")
    with pytest.raises(StorageError, match="traffic/m cannot be kept private"):
        remove_older("m", 90, TODAY)
