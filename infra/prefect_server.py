"""The Prefect server that a command needs: one that is set, one that runs on this home, or a quiet one of its own.

A quiet server lives as long as the command. It keeps its database, as `make ui` does, in the folder `prefect` of the
home, so that the interface later shows every run made from a terminal.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

import httpx

from infra.processes import free_port, start_child, stop_children

START_TIMEOUT_SECONDS = 180.0
"""A first start migrates an empty database: 13 s on two idle cores, and the machine may be busy."""
GIVEN_TIMEOUT_SECONDS = 15.0
STOP_GRACE_SECONDS = 8.0


class ServerUnavailable(ConnectionError):
    """No Prefect server answers, or our own did not start."""


class PrefectServer:
    """A running or starting Prefect API at `url`; `process` is None where somebody else runs it.

    `is_local` says that its database is in the home, as our own server's and that of `make ui` are.
    """

    def __init__(
        self, url: str, *, is_local: bool, log: Path | None = None, process: subprocess.Popen[bytes] | None = None
    ) -> None:
        self.url, self.is_local, self.log, self.process = url, is_local, log, process
        self._starting: IO[bytes] | None = None

    @classmethod
    def find_or_start(cls, home: Path) -> PrefectServer:
        """The server in PREFECT_API_URL, else the one registered on this home, else a child that may be starting."""
        given = os.environ.get("PREFECT_API_URL")
        if given:
            return cls(given.rstrip("/"), is_local=False)
        running = registered_server(home)
        return cls(running, is_local=True) if running else cls._start(home)

    @classmethod
    def _start(cls, home: Path) -> PrefectServer:
        port, log = free_port(), home / "logs" / "prefect-server.log"
        address = ["--host", "127.0.0.1", "--port", str(port)]
        command = [sys.executable, "-m", "prefect", "server", "start", *address]
        (home / "prefect").mkdir(parents=True, exist_ok=True)
        # Two first starts at once would both migrate the database; the second waits for the first.
        starting = (home / "prefect" / "starting.lock").open("ab")
        fcntl.flock(starting, fcntl.LOCK_EX)
        environment = {**os.environ, **local_environment(home), **_QUIET_SERVER}
        process = start_child(command, environment=environment, folder=home, log=log)
        server = cls(f"http://127.0.0.1:{port}/api", is_local=True, log=log, process=process)
        server._starting = starting
        return server

    @property
    def is_ours(self) -> bool:
        """Whether this process started the server."""
        return self.process is not None

    def healthy(self) -> bool:
        """Whether the server answers now. Raises ServerUnavailable where our own has ended."""
        if self.process is not None and self.process.poll() is not None:
            raise ServerUnavailable(f"the local Prefect server ended at its start; its log is {self.log}")
        answers = is_healthy(self.url, any_answer=self.process is None)
        if answers and self._starting is not None:
            self._starting.close()
            self._starting = None
        return answers

    def wait(self, meanwhile: Iterable[Callable[[], object]] = ()) -> None:
        """Return once the server answers, doing pieces of `meanwhile` until then.

        Raises ServerUnavailable where it does not answer in START_TIMEOUT_SECONDS if it is ours, and else in
        GIVEN_TIMEOUT_SECONDS.
        """
        pieces = iter(meanwhile)
        deadline = time.monotonic() + (GIVEN_TIMEOUT_SECONDS if self.process is None else START_TIMEOUT_SECONDS)
        while not self.healthy():
            if time.monotonic() > deadline:
                raise ServerUnavailable(self._why_silent())
            piece = next(pieces, None)
            if piece is None:
                time.sleep(0.05)
            else:
                piece()

    def stop(self) -> None:
        """Stop our own server; leave anybody else's alone."""
        if self.process is not None:
            stop_children([self.process], grace_seconds=STOP_GRACE_SECONDS)
        if self._starting is not None:
            self._starting.close()
            self._starting = None

    def _why_silent(self) -> str:
        if self.process is None:
            return (
                f"no Prefect server answers at {self.url}; check PREFECT_API_URL, or unset it to run without a server"
            )
        return f"the local Prefect server was not ready after {START_TIMEOUT_SECONDS:.0f} s; its log is {self.log}"


_SERVICES_OFF = (
    "CANCELLATION_CLEANUP",
    "CLEANUP_RECONCILER",
    "FOREMAN",
    "LATE_RUNS",
    "PAUSE_EXPIRATIONS",
    "REPOSSESSOR",
    "SCHEDULER",
    "TRIGGERS",
)
"""What looks after scheduled runs. The recorders of task runs and events stay on: the interface shows their rows."""
_QUIET_SERVER = {
    **{f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in _SERVICES_OFF},
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_UI_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_CLI_PROMPT": "false",
}


def local_environment(home: Path) -> dict[str, str]:
    """Prefect's settings for every process of this home: database and results are in the home, and nobody is called."""
    return {
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        **results_environment(home),
    }


def results_environment(home: Path) -> dict[str, str]:
    """Where results of stages are kept, so that every process of this home can use them again."""
    return {} if os.environ.get("PREFECT_LOCAL_STORAGE_PATH") else {"PREFECT_LOCAL_STORAGE_PATH": str(home / "results")}


def is_healthy(url: str, *, any_answer: bool = False) -> bool:
    """Whether the API at `url` says that it is healthy; with `any_answer`, a refusal counts too."""
    try:
        answer = httpx.get(f"{url}/health", timeout=5.0)
    except httpx.HTTPError:
        return False
    return any_answer or answer.status_code == httpx.codes.OK


def registered_server(home: Path) -> str | None:
    """URL of the API that `make ui` runs on this home, or None where none answers."""
    try:
        url = json.loads(_register(home).read_text(encoding="utf-8"))["prefect_api_url"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return url if isinstance(url, str) and is_healthy(url) else None


@contextlib.contextmanager
def register_server(home: Path, url: str) -> Iterator[None]:
    """Let commands on this home find the server at `url` while the block runs."""
    path = _register(home)
    aside = path.with_suffix(".incoming")
    aside.write_text(json.dumps({"prefect_api_url": url}), encoding="utf-8")
    aside.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _register(home: Path) -> Path:
    return home / "prefect" / "server.json"
