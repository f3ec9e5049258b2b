"""`@stage`: a Prefect task with the house's rules, so that a flow reads as a sentence.

A stage is timed, says in one line what it did, and is retried by a named profile. Where `reuse` is on, its result is
kept under the hash of its inputs and its code, and used again by any later run; inputs carry content digests, so the
same key means the same bytes. Whoever wants to follow a run (MLflow tracking does) listens to its stages.
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast
from uuid import UUID

import httpx
from prefect import Task, get_run_logger, task
from prefect.artifacts import create_markdown_artifact, create_progress_artifact, update_progress_artifact
from prefect.context import TaskRunContext
from prefect.exceptions import MissingContextError
from pydantic import BaseModel

from tasks.retries import NONE, Retries

P = ParamSpec("P")
R = TypeVar("R")
TASKS = Path(__file__).resolve().parent
SOURCE = (".py", ".yaml", ".html")
"""Suffixes of the files that say what a stage does."""
SECONDS_BETWEEN_LINES = 1.0
SECONDS_BETWEEN_ARTEFACTS = 5.0


@dataclass(frozen=True)
class StageDone:
    """What listeners are told when a stage has ended well."""

    name: str
    result: Any
    seconds: float
    reused: bool


@dataclass(frozen=True)
class StageProgress:
    """What listeners are told while a stage is at work: values of metrics by name, at a step."""

    name: str
    step: int
    measures: Mapping[str, float]


Listener = Callable[[StageDone | StageProgress], None]
_listeners: ContextVar[tuple[Listener, ...]] = ContextVar("stage_listeners", default=())


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tell `listener` how stages come along and of each that ends well inside the block, in this thread."""
    token = _listeners.set((*_listeners.get(), listener))
    try:
        yield
    finally:
        _listeners.reset(token)


def stage(
    *,
    retries: Retries = NONE,
    reuse: bool = False,
    also: Callable[[dict[str, Any]], str] | None = None,
    says: Callable[[Any], str] = str,
    called: str | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function a stage: a Prefect task named after it, with retries, reuse, timing and one line of log.

    `also` gives, from the inputs by name, what the result depends on that they only point to. `says` turns the result
    into that line; `called` is the stage's name where it is not the function's. A flow calls the stage like the plain
    function; outside a flow use `.fn`.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        name = called or function.__name__
        run: Task[P, R] = task(
            name=name,
            persist_result=reuse,
            result_serializer="json",
            cache_key_fn=_key_function(function, also) if reuse else None,
            **retries.options(),
        )(function)

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            log = run_logger()
            log.info(f"{name}: started", extra={"stage": name, "event": "started"})
            start = time.perf_counter()
            state = run(*args, **kwargs, return_state=True)
            result: R = state.result(raise_on_failure=True)
            seconds, reused = time.perf_counter() - start, state.name == "Cached"
            line = says(result)
            event = {
                "stage": name,
                "event": "done",
                "line": line,
                "seconds": seconds,
                "reused": reused,
                "result": result,
            }
            log.info(f"{name}: {line}{' (reused)' if reused else ''}", extra=event)
            for listener in _listeners.get():
                listener(StageDone(name, result, seconds, reused))
            return result

        call.fn = function  # type: ignore[attr-defined]
        return call

    return decorate


def run_logger() -> logging.Logger | logging.LoggerAdapter[logging.Logger]:
    """The logger of the running task or flow; outside of both, this module's."""
    try:
        return get_run_logger()
    except MissingContextError:
        return logging.getLogger(__name__)


def report_progress(stage_name: str, done: float, total: float, message: str) -> None:
    """Say how far a long stage has come: `done` of `total`, and a few words for a person."""
    event = {"stage": stage_name, "event": "progress", "done": done, "total": total, "line": message}
    run_logger().info(f"{stage_name}: {done:g}/{total:g} {message}", extra=event)


def leave_markdown(key: str, markdown: str, description: str) -> None:
    """Leave a text among the running task's artefacts in Prefect, as the newest version of the one called `key`.

    A key has small letters, digits and dashes. Where Prefect cannot be reached the work goes on without.
    """
    if TaskRunContext.get() is None:
        return
    try:
        create_markdown_artifact(markdown, key=key, description=description)
    except httpx.HTTPError as error:
        run_logger().warning(f"the artefact {key} could not be left in Prefect: {error}")


class ProgressReporter:
    """Tells how far one run of a stage is, no oftener than a person can follow; make one for each run.

    It is called like `report_progress`, without the stage's name. `measured` passes every value on to who listens, and
    keeps Prefect's progress artefact of the task run up to date.
    """

    def __init__(self, stage_name: str) -> None:
        self.stage_name = stage_name
        self._key = f"{stage_name.replace('_', '-')}-progress"
        self._share = 0.0
        self._line = ""
        self._line_at = self._artefact_at = -math.inf
        self._artefact: UUID | None = None
        self._broken = False

    def __call__(self, done: float, total: float, message: str) -> None:
        """Say `done` of `total` and a few words: the first, the last, and at most one a second in between."""
        now = time.monotonic()
        self._share, self._line = done / total if total else 0.0, message
        if now - self._line_at >= SECONDS_BETWEEN_LINES or done >= total:
            self._line_at = now
            report_progress(self.stage_name, done, total, message)
        if now - self._artefact_at >= SECONDS_BETWEEN_ARTEFACTS or done >= total:
            self._artefact_at = now
            self._show()

    def measured(self, step: int, measures: Mapping[str, float], _seconds_left: float | None = None) -> None:
        """Pass on what was measured at a step."""
        for listener in _listeners.get():
            listener(StageProgress(self.stage_name, step, measures))

    def _show(self) -> None:
        """Bring the artefact up to date; where Prefect cannot be reached the work goes on without."""
        if self._broken or TaskRunContext.get() is None:
            return
        percent = 100 * min(1.0, self._share)
        try:
            if self._artefact is None:
                made = create_progress_artifact(percent, key=self._key, description=self._line)
                self._artefact = cast(UUID, made)
            else:
                update_progress_artifact(self._artefact, percent, description=self._line)
        except httpx.HTTPError as error:
            self._broken = True
            run_logger().warning(f"{self.stage_name}: its progress is no longer shown in Prefect: {error}")


def _key_function(
    function: Callable[..., Any], also: Callable[[dict[str, Any]], str] | None
) -> Callable[[Any, dict[str, Any]], str]:
    folder = TASKS / function.__module__.split(".")[1]

    def key(_context: Any, inputs: dict[str, Any]) -> str:
        plain = {name: _plain(value) for name, value in inputs.items()}
        pointed_to = also(inputs) if also else ""
        text = json.dumps([function.__name__, code_digest(folder), plain, pointed_to], sort_keys=True)
        return f"{function.__name__}-{hashlib.sha256(text.encode()).hexdigest()}"

    return key


@functools.cache
def code_digest(folder: Path) -> str:
    """SHA-256 of the stage's source and its data files, of what stages share, and of the locked versions."""
    nouns = [place for place in TASKS.iterdir() if place.is_dir() and not (place / "task.py").is_file()]
    files = {*TASKS.glob("*.py"), *(path for place in (folder, *nouns) for path in place.rglob("*.*"))}
    paths = sorted(path for path in files if path.suffix in SOURCE)
    lock = TASKS.parent / "requirements.lock"
    digest = hashlib.sha256()
    for path in [*paths, *([lock] if lock.is_file() else [])]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value
