"""The parent's side of a training: start it as a process of its own, follow it, and never leave it behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tasks.errors import TrainingFailed, UserInputError

ROOT = Path(__file__).resolve().parent.parent.parent
LOG = "log.txt"
QUOTED_LINES = 12

OnProgress = Callable[[float, float, str], None]
OnNote = Callable[[str], None]


def run_training(folder: Path, on_progress: OnProgress, on_note: OnNote) -> dict[str, float]:
    """Train as `folder/run.json` says; the model is then in `folder/model`. Returns the figures of its making.

    `on_progress` is told steps done, steps in all, and a few words; `on_note` what else a person should know. Raises
    UserInputError for what the user must mend, and TrainingFailed with the last lines of the log for anything else.
    """
    path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH")) if part)
    with (folder / LOG).open("ab") as log:
        start = log.tell()
        process = subprocess.Popen(
            command_of(folder),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        try:
            last = _follow(process.stdout or (), on_progress, on_note)
            code = process.wait()
        finally:
            _kill(process)
    if last.get("event") == "done" and code == 0:
        metrics: dict[str, float] = last["metrics"]
        return metrics
    if last.get("event") == "refused":
        raise UserInputError(last["message"])
    raise TrainingFailed(_explain(folder / LOG, start, code, last.get("message")))


def command_of(folder: Path) -> list[str]:
    """The command that trains as `folder/run.json` says, and ends with the process that started it."""
    return [sys.executable, "-m", "tasks.train.run", str(folder), "--die-with-parent"]


def _follow(lines: Iterable[str], on_progress: OnProgress, on_note: OnNote) -> dict[str, Any]:
    """Pass events on until the stream ends; returns the last one."""
    event: dict[str, Any] = {}
    for line in lines:
        event = json.loads(line)
        if event["event"] == "progress":
            on_progress(event["done"], event["total"], event["message"])
        elif event["event"] == "note":
            on_note(event["message"])
    return event


def _kill(process: subprocess.Popen[str]) -> None:
    """End the process and all that it started; it may be killed at any moment, because its files are written whole."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _explain(log: Path, start: int, code: int, message: str | None) -> str:
    """Why the process ended: its own words or its exit, and the last lines of its log."""
    if message is None:
        message = f"it ended with exit code {code}"
        if code < 0:
            message = f"it was killed by {signal.Signals(-code).name}, often a sign that memory ran out"
    with log.open("rb") as file:
        file.seek(start)
        lines = file.read().decode("utf-8", errors="replace").strip().splitlines()[-QUOTED_LINES:]
    quoted = "".join(f"\n  {line}" for line in lines) or " nothing"
    return f"the training failed: {message}. It goes on from its newest checkpoint when run again. {log} ends:{quoted}"
