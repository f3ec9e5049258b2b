"""A thread that writes to MLflow in order, so that stages do not wait for it; what goes wrong there comes out here."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from infra.mlflow import MlflowFailed
from tasks.errors import RefitError, StorageError


class TrackingFailed(RefitError, ConnectionError):
    """What a run did cannot be written to MLflow."""


class Writer:
    """Does one thing after another in a thread of its own; after a failure it does nothing more."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="mlflow")
        self._pending: list[Future[None]] = []
        self._failed = False

    def do(self, work: Callable[..., None], *arguments: Any) -> None:
        """Have `work` done after everything before it."""
        self._pending.append(self._pool.submit(self._unless_failed, work, arguments))

    def do_if_it_can(self, work: Callable[..., None], *arguments: Any) -> Future[None]:
        """Have `work`, which raises nothing, done after everything before it unless that failed; says when it is."""
        return self._pool.submit(self._unless_failed, work, arguments)

    def do_anyway(self, work: Callable[..., None], *arguments: Any) -> None:
        """Like `do`, but tried even after a failure: for what ends a run."""
        self._pending.append(self._pool.submit(work, *arguments))

    def check(self) -> None:
        """Raise TrackingFailed if something done so far has failed."""
        done = [future for future in self._pending if future.done()]
        self._pending = [future for future in self._pending if future not in done]
        for future in done:
            self._raise(future)

    def drain(self) -> None:
        """Wait until all is done. Raises TrackingFailed if something has failed."""
        pending, self._pending = self._pending, []
        for future in pending:
            self._raise(future)

    def close(self) -> None:
        """Let the thread end once it has done what is pending."""
        self._pool.shutdown(wait=True)

    def _unless_failed(self, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        if self._failed:
            return
        self._failed = True
        work(*arguments)
        self._failed = False

    @staticmethod
    def _raise(future: Future[None]) -> None:
        try:
            future.result()
        except (MlflowFailed, StorageError) as error:
            raise TrackingFailed(
                f"{error}; a run must be tracked: start MLflow there, or set REFIT_MLFLOW_URI "
                "(without it a local database is used), and run again; finished stages are reused"
            ) from error
