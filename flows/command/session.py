"""The Prefect side of a command: a server to talk to, settings that point at it, and a clean end."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import prefect.context
from prefect.events.worker import EventsWorker
from prefect.exceptions import TerminationSignal
from prefect.logging.handlers import APILogWorker

from flows.command.console import StageDisplay
from infra.prefect_server import PrefectServer, local_environment, results_environment
from tasks.errors import StorageError

LOGS_KEPT = 30
DRAIN_SECONDS = 5.0
EARLY_IMPORTS = ("mlflow", "sklearn.metrics", "onnxruntime")
"""Slow imports that every run needs, done while the server starts."""
FIRST_IMPORTS = ("great_expectations",)
"""Slow imports that a run without earlier results needs too; then the server is slow as well."""


@contextlib.contextmanager
def prefect_session(home: Path, display: StageDisplay, *, refresh: bool) -> Iterator[None]:
    """Flows called in the block run against the Prefect server of `home`, which is started and stopped if need be.

    With `refresh`, stored results of stages are not used. Raises ServerUnavailable.
    """
    server = PrefectServer.find_or_start(home)
    try:
        with prefect_settings(_environment(server, home, refresh=refresh)):
            display.busy("start the local Prefect server" if server.process else "reach the Prefect server")
            server.wait(_early_imports(first=not (home / "results").exists()))
            display.idle()
            with _terminable():
                try:
                    yield
                finally:
                    display.busy("stop")
                    with _undisturbed():
                        _send_what_is_left()
    finally:
        with _undisturbed():
            server.stop()


def new_log(home: Path, name: str) -> Path:
    """A new file for what a command prints and logs, in the folder `logs` of the home; the oldest are removed."""
    folder = home / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{os.getpid()}.log"
        path.touch()
    except OSError as error:
        message = f"cannot write to {folder} ({error.strerror}): set REFIT_HOME to a writable folder"
        raise StorageError(message) from None
    for old in sorted(folder.glob(f"{name}-*.log"), key=lambda log: log.stat().st_mtime)[:-LOGS_KEPT]:
        old.unlink(missing_ok=True)
    return path


def _environment(server: PrefectServer, home: Path, *, refresh: bool) -> dict[str, str]:
    environment = local_environment(home) if server.is_local else results_environment(home)
    refreshing = {"PREFECT_TASKS_REFRESH_CACHE": "true"} if refresh else {}
    return {**environment, "PREFECT_API_URL": server.url, **refreshing}


@contextlib.contextmanager
def prefect_settings(environment: dict[str, str]) -> Iterator[None]:
    """Set variables for us and our children, and have Prefect, which read them at its import, read them again."""
    before = dict(os.environ)
    os.environ.update(environment)
    prefect.context.refresh_global_settings_context()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        prefect.context.refresh_global_settings_context()


def _early_imports(*, first: bool) -> Iterator[Callable[[], object]]:
    for name in EARLY_IMPORTS + (FIRST_IMPORTS if first else ()):
        yield partial(importlib.import_module, name)


def _send_what_is_left() -> None:
    """Send the last logs and events while the server still runs."""
    for worker in (APILogWorker, EventsWorker):
        worker.drain_all(timeout=DRAIN_SECONDS, at_exit=False)


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM raises TerminationSignal in the block, so that it is cleaned up after like Ctrl-C."""

    def stop(number: int, _frame: object) -> None:
        raise TerminationSignal(number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Ignore Ctrl-C and SIGTERM while cleaning up, which is short and bounded."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
