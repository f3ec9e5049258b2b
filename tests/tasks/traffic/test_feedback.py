"""The feedback log: durable lines by day that survive a crash and several writers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from pydantic import ValidationError

from tasks.errors import StorageError
from tasks.traffic.feedback import Feedback, FeedbackLog, append_feedback, feedback_folder
from tests.tasks.traffic.test_writer import NOON

LONG_AGO = date(2026, 1, 1)


def said(number: int, label: str = "refund", days: int = 0) -> Feedback:
    return Feedback(request_id=f"r{number}", position=0, label=label, by="ann", time=NOON + timedelta(days=days))


def test_feedback_is_read_back_in_order_from_the_day_on_that_is_asked_for() -> None:
    sent = [said(1), said(2, days=1), said(3, "Grüße\n", days=2)]
    for one in sent:
        append_feedback("m", one)
    assert list(FeedbackLog("m", LONG_AGO)) == sent
    assert list(FeedbackLog("m", NOON.date() + timedelta(days=1))) == sent[1:]
    assert list(FeedbackLog("another", LONG_AGO)) == []


def test_a_line_that_a_crash_cut_off_costs_only_itself() -> None:
    append_feedback("m", said(1))
    with (feedback_folder("m") / "2026-11-21.jsonl").open("ab") as file:
        file.write(b'{"request_id": "r2", "posi')
    append_feedback("m", said(3))
    log = FeedbackLog("m", LONG_AGO)
    assert [one.request_id for one in log] == ["r1", "r3"]
    assert log.unreadable == 1


def test_several_writers_lose_nothing() -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: append_feedback("m", said(number)), range(80)))
    assert len({one.request_id for one in FeedbackLog("m", LONG_AGO)}) == 80


def test_only_this_user_can_read_it() -> None:
    append_feedback("m", said(1))
    folder = feedback_folder("m")
    modes = [path.stat().st_mode & 0o777 for path in (folder.parent, folder, folder / "2026-11-21.jsonl")]
    assert modes == [0o700, 0o700, 0o600]


def test_a_log_that_cannot_be_written_or_read_is_an_error_that_names_it() -> None:
    (feedback_folder("m") / "2026-11-21.jsonl").mkdir(parents=True)
    with pytest.raises(StorageError, match=r"2026-11-21\.jsonl cannot be written"):
        append_feedback("m", said(1))
    with pytest.raises(StorageError, match=r"2026-11-21\.jsonl cannot be read"):
        list(FeedbackLog("m", LONG_AGO))


@pytest.mark.parametrize("wrong", [{"label": ""}, {"by": ""}, {"request_id": "../x"}, {"position": -1}], ids=str)
def test_feedback_that_names_nothing_is_none(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Feedback.model_validate({**said(1).model_dump(), **wrong})
