"""What a person sees while a flow runs: a line for each stage that ended, and a moving one for the stage that runs."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from typing import Any, TextIO

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID
from rich.table import Table
from rich.text import Text

WIDTH = 100
NAME_WIDTH = 15
PLAIN_PROGRESS_SECONDS = 20.0
LOGGERS = ("prefect.flow_runs", "prefect.task_runs", "tasks")
"""Where a run speaks: Prefect's runs, and what stages use without knowing of Prefect."""
_RETRY = "Task run failed with %s: %r - Retry %s/%s will start %s"
"""How Prefect announces a retry; its arguments are the kind, the error, the count, the limit and the time."""


def open_console(stream: TextIO) -> Console:
    """A console on `stream`: at most WIDTH columns on a terminal, plain text anywhere else."""
    console = Console(file=stream, highlight=False, soft_wrap=False)
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    return console


def duration(seconds: float) -> str:
    """A time for a person, such as `0.4 s`, `12 s` or `3 min 05 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


class StageDisplay(logging.Handler):
    """Follows the run's log: stages send their events along with it (see `tasks.stage`).

    `running` is the stage at work, and `results` what the stages that ended have returned, by name, in order.
    """

    def __init__(self, console: Console) -> None:
        super().__init__(level=logging.INFO)
        self.console = console
        self.running: str | None = None
        self.results: dict[str, list[Any]] = defaultdict(list)
        self._live = _live_region(console) if console.is_terminal else None
        self._row: TaskID | None = None
        self._plain_progress_at = 0.0

    def __enter__(self) -> StageDisplay:
        for name in LOGGERS:
            logging.getLogger(name).addHandler(self)
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        for name in LOGGERS:
            logging.getLogger(name).removeHandler(self)
        if self._live:
            self._live.stop()

    def emit(self, record: logging.LogRecord) -> None:
        """Show one log record, if it is meant for a person."""
        event = getattr(record, "event", None)
        if event == "started":
            self._started(getattr(record, "stage", ""))
        elif event == "progress":
            self._progress(record)
        elif event == "done":
            self._done(record)
        else:
            self._note(record)

    def _started(self, name: str) -> None:
        self.running = name
        self._plain_progress_at = time.monotonic()
        if self._live:
            self._clear()
            self._row = self._live.add_task(name, total=None, line="")

    def busy(self, what: str) -> None:
        """Show, on a terminal, that something other than a stage is going on."""
        if self._live:
            self._clear()
            self._row = self._live.add_task("", total=None, line=what)

    def idle(self) -> None:
        """Take the moving line away."""
        self.running = None
        self._clear()

    def _progress(self, record: logging.LogRecord) -> None:
        stage, line = getattr(record, "stage", ""), getattr(record, "line", "")
        done, total = float(getattr(record, "done", 0)), float(getattr(record, "total", 0))
        if self._live:
            if self._row is None:
                self._started(stage)
            if self._row is not None:
                self._live.update(self._row, completed=done, total=total or None, line=line)
        elif time.monotonic() - self._plain_progress_at >= PLAIN_PROGRESS_SECONDS:
            self._plain_progress_at = time.monotonic()
            share = f"{done / total:.0%}" if total else f"{done:g}"
            self._line("…", "dim", stage, line, share)

    def _done(self, record: logging.LogRecord) -> None:
        stage, reused = getattr(record, "stage", ""), bool(getattr(record, "reused", False))
        self.results[stage].append(getattr(record, "result", None))
        self.idle()
        time_spent = "reused" if reused else duration(float(getattr(record, "seconds", 0.0)))
        mark, style = ("↺", "cyan") if reused else ("✓", "green")
        self._line(mark, style, stage, getattr(record, "line", ""), time_spent)

    def _note(self, record: logging.LogRecord) -> None:
        if record.msg == _RETRY and isinstance(record.args, tuple):
            _, error, count, limit, _ = record.args
            self._line("!", "yellow", self.running or "", f"{_one_line(error)}; trying again ({count} of {limit})", "")
        elif record.levelno == logging.WARNING and not _is_prefects_own(record):
            self._line("!", "yellow", self.running or "", _one_line(record.getMessage()), "")

    def _line(self, mark: str, style: str, stage: str, line: str, right: str) -> None:
        name = stage.replace("_", " ")
        if self._live:
            row = _row(self.console.width, Text(mark, style), Text(name, "bold"), Text(line), Text(right, "dim"))
            self.console.print(row)
        else:
            print_plain(self.console, f"{mark} {name:<{NAME_WIDTH}}{line}{'  ' + right if right else ''}")

    def _clear(self) -> None:
        if self._live and self._row is not None:
            self._live.remove_task(self._row)
            self._row = None


def print_plain(console: Console, text: str) -> None:
    """Print one line as it is, without wrapping, markup or trailing blanks."""
    console.print(Text(text.rstrip()), soft_wrap=True)


def _row(width: int, mark: Text, name: Text, line: RenderableType, right: Text) -> Table:
    grid = Table.grid(padding=(0, 1), pad_edge=False)
    grid.width = width
    grid.add_column(width=1)
    grid.add_column(width=NAME_WIDTH - 1, no_wrap=True)
    grid.add_column(ratio=1)
    grid.add_column(justify="right", min_width=6, no_wrap=True)
    grid.add_row(mark, name, line, right)
    return grid


def _one_line(text: object) -> str:
    return " ".join(str(text).split())


def _is_prefects_own(record: logging.LogRecord) -> bool:
    return "/prefect/" in record.pathname.replace("\\", "/")


class _Name(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.description.replace('_', ' '):<{NAME_WIDTH - 1}}", "bold")


class _Bar(BarColumn):
    def render(self, task: Task) -> Any:
        return Text() if task.total is None else super().render(task)


class _Line(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(task.fields.get("line", ""), "dim")


class _Time(ProgressColumn):
    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        if task.total is not None and task.time_remaining is not None:
            return Text(f"{duration(task.time_remaining)} left", "cyan")
        return Text(duration(task.elapsed or 0.0), "dim")


def _live_region(console: Console) -> Progress:
    columns = (SpinnerColumn("dots"), _Name(), _Bar(bar_width=28), _Line(), _Time())
    return Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
