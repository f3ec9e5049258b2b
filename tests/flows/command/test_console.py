"""What is printed while a run goes on: one line a stage, plain text in a pipe, a moving line on a terminal."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from rich.console import Console

from flows.command.console import StageDisplay, duration, open_console


def record(
    message: str = "", level: int = logging.INFO, *, args: tuple[Any, ...] = (), **fields: Any
) -> logging.LogRecord:
    made = logging.LogRecord("prefect.flow_runs", level, "flows/x.py", 1, message, args, None)
    made.__dict__.update(fields)
    return made


def printed(*records: logging.LogRecord) -> str:
    stream = io.StringIO()
    display = StageDisplay(open_console(stream))
    for one in records:
        display.emit(one)
    return stream.getvalue()


def test_a_stage_that_ended_is_a_plain_line_in_a_pipe() -> None:
    started = record(event="started", stage="pull_answers")
    done = record(event="done", stage="pull_answers", line="3 [bold]answers[/]", seconds=0.42, reused=False, result=3)
    assert printed(started, done) == "✓ pull answers   3 [bold]answers[/]  0.4 s\n"


def test_a_reused_stage_says_so() -> None:
    done = record(event="done", stage="train", line="loss 0.3", seconds=0.01, reused=True, result=None)
    assert printed(done) == "↺ train          loss 0.3  reused\n"


def test_a_retry_and_a_warning_are_a_line_each_and_prefects_own_talk_is_not_shown() -> None:
    retry = record(
        "Task run failed with %s: %r - Retry %s/%s will start %s",
        args=("exception", OSError("no\nroute"), 1, 3, "2 second(s) from now"),
    )
    warning = record("few rows", logging.WARNING)
    own = record("Finished in state %s", logging.ERROR, args=("Failed",))
    lines = printed(record(event="started", stage="acquire"), retry, warning, own).splitlines()
    assert lines == ["! acquire        no route; trying again (1 of 3)", "! acquire        few rows"]


def test_the_display_knows_what_runs_and_what_came_out() -> None:
    display = StageDisplay(open_console(io.StringIO()))
    display.emit(record(event="started", stage="evaluate"))
    assert display.running == "evaluate"
    for result in (1, 2):
        display.emit(record(event="done", stage="evaluate", line="", seconds=1.0, reused=False, result=result))
    assert display.running is None
    assert display.results["evaluate"] == [1, 2]


def test_a_terminal_shows_a_bar_with_the_time_left_for_the_stage_that_runs() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100, highlight=False)
    with StageDisplay(console) as display:
        display.emit(record(event="started", stage="train"))
        for done in range(1, 4):
            display.emit(record(event="progress", stage="train", done=done, total=8, line=f"epoch {done}"))
    text = stream.getvalue()
    assert "epoch 3" in text
    assert "━" in text


def test_the_display_listens_to_the_loggers_of_a_run_only_inside_its_block() -> None:
    stream = io.StringIO()
    logger = logging.getLogger("prefect.task_runs")
    with StageDisplay(open_console(stream)):
        logger.warning("inside")
    logger.warning("outside")
    assert "inside" in stream.getvalue()
    assert "outside" not in stream.getvalue()


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (42.4, "42 s"), (59.7, "1 min 00 s"), (185, "3 min 05 s")]
)
def test_durations_read_well(seconds: float, words: str) -> None:
    assert duration(seconds) == words
