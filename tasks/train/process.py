"""The parent's side of a training: start it as a process of its own, follow it, and never leave it behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tasks.errors import TrainingFailed, UserInputError
from tasks.train.command import ALONE, Node, command_of

ROOT = Path(__file__).resolve().parent.parent.parent
QUOTED_LINES = 12
LAUNCHER_FAILED = re.compile(r"^[WE]\d{4} .*torch/distributed/elastic/.*\bfailed\b|^.*ChildFailedError", re.MULTILINE)
"""The first line that torchrun writes about a process of its that failed."""
GRACE_SECONDS = 8.0
"""How long a training that is stopped may take to write one more checkpoint before it is killed."""

OnProgress = Callable[[float, float, str], None]
OnNote = Callable[[str], None]
OnMeasures = Callable[[int, dict[str, float], float | None], None]


def _unheard(_step: int, _measures: dict[str, float], _seconds_left: float | None) -> None:
    """Measures that nobody asked for."""


def run_training(
    folder: Path, on_progress: OnProgress, on_note: OnNote, on_measures: OnMeasures = _unheard, node: Node = ALONE
) -> dict[str, float]:
    """Train as `folder/run.json` says; the model is then in `folder/model`. Returns the figures of its making.

    Of several machines that train together each calls this as its own `node`; the first one alone hears anything, and
    has the figures.

    `on_progress` is told steps done, steps in all, and a few words; `on_note` what else a person should know;
    `on_measures` a step, what was measured there by the metric's name, and the seconds that are left. Whatever ends
    this call early gives the training a few seconds for one more checkpoint. Raises UserInputError for what the user
    must mend, and TrainingFailed with the last lines of the log for anything else.
    """
    path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH")) if part)
    log_path = folder / node.file("log", ".txt")
    with log_path.open("ab") as log:
        start = log.tell()
        process = subprocess.Popen(
            command_of(folder, node),
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
            last = _follow(process.stdout or (), on_progress, on_note, on_measures)
            code = process.wait()
        finally:
            _end(process)
    if code == 0 and node.rank > 0:
        return {}
    if last.get("event") == "done" and code == 0:
        metrics: dict[str, float] = last["metrics"]
        return metrics
    if last.get("event") == "refused":
        raise UserInputError(last["message"])
    message = last["message"] if last.get("event") == "failed" else None
    raise TrainingFailed(_explain(log_path, start, code, message))


def _follow(lines: Iterable[str], on_progress: OnProgress, on_note: OnNote, on_measures: OnMeasures) -> dict[str, Any]:
    """Pass events on until the stream ends; returns the last one."""
    event: dict[str, Any] = {}
    for line in lines:
        event = json.loads(line)
        if event["event"] == "progress":
            on_progress(event["done"], event["total"], event["message"])
            if event.get("measures"):
                on_measures(event["measured_at"], event["measures"], event["seconds_left"])
        elif event["event"] == "note":
            on_note(event["message"])
    return event


def _end(process: subprocess.Popen[str]) -> None:
    """End the process and all that it started; it may be killed at any moment, because its files are written whole."""
    try:
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE_SECONDS)
    finally:
        # A second Ctrl-C ends the wait.
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
        lines = _own_words(file.read().decode("utf-8", errors="replace")).strip().splitlines()[-QUOTED_LINES:]
    quoted = "".join(f"\n  {line}" for line in lines) or " nothing"
    return f"the training failed: {message}. It goes on from its newest checkpoint when run again. {log} ends:{quoted}"


def _own_words(log: str) -> str:
    """The log without what torchrun adds when one of its processes fails: a traceback of its own, and a table."""
    return LAUNCHER_FAILED.split(log, maxsplit=1)[0]
