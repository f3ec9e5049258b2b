"""A thread that writes to MLflow in order, so that stages do not wait for it; what goes wrong there comes out here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

from infra.mlflow import MlflowFailed
from tasks.errors import RefitError, StorageError

SECONDS_BETWEEN_LOOKS = 1.0
"""How often whoever waits looks whether the thread is still there."""


class TrackingFailed(RefitError, ConnectionError):
    """What a run did cannot be written to MLflow."""


class Writer:
    """Does one thing after another in a thread of its own; after a failure it does nothing more.

    A Ctrl-C may land between any two instructions of the thread that asks, so the two threads share nothing that an
    interrupt could leave locked: `SimpleQueue.put` is one instruction, each wait has a lock of its own, and whether the
    thread is there is a plain flag (`Thread.is_alive`, interrupted, takes a living thread for dead).
    """

    def __init__(self) -> None:
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._errors: deque[Exception] = deque()
        self._failed = self._ended = False
        self._thread = Thread(target=self._work, name="mlflow", daemon=True)
        self._thread.start()

    def do(self, work: Callable[..., object], *arguments: Any) -> None:
        """Have `work` done after everything before it."""
        self._queue.put(lambda: None if self._failed else self._try(work, arguments))

    def do_anyway(self, work: Callable[..., object], *arguments: Any) -> None:
        """Like `do`, but tried even after a failure: for what ends a run."""
        self._queue.put(lambda: self._try(work, arguments))

    def check(self) -> None:
        """Raise TrackingFailed if something done so far has failed."""
        if self._ended:
            raise RuntimeError(
                "the thread that writes to MLflow ended by a fault of its own; its traceback stands above"
            )
        if not self._errors:
            return
        error = self._errors.popleft()
        self._errors.clear()
        if isinstance(error, MlflowFailed | StorageError):
            raise TrackingFailed(
                f"{error}; a run must be tracked: start MLflow there, or set REFIT_MLFLOW_URI "
                "(without it a local database is used), and run again; finished stages are reused"
            ) from error
        raise error

    def drain(self) -> None:
        """Wait until all is done. Raises TrackingFailed if something has failed."""
        done = Lock()
        done.acquire()
        self._queue.put(done.release)
        while not done.acquire(timeout=SECONDS_BETWEEN_LOOKS) and not self._ended:
            pass
        self.check()

    def close(self) -> None:
        """Let the thread end once it has done what is pending."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        try:
            while (work := self._queue.get()) is not None:
                work()
        finally:
            self._ended = True

    def _try(self, work: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        try:
            work(*arguments)
        except (RefitError, OSError) as error:
            self._failed = True
            self._errors.append(error)
