"""Which MLflow run follows the flow run at hand, for stages that write runs of their own below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Run = tuple[str, str]
"""Ids of an experiment and of a run in it."""

_active: ContextVar[Callable[[], Run | None] | None] = ContextVar("active_run", default=None)


@contextmanager
def followed_by(run: Callable[[], Run | None]) -> Iterator[None]:
    """In the block, in this thread, `run` says which run follows: none before MLflow has been reached."""
    token = _active.set(run)
    try:
        yield
    finally:
        _active.reset(token)


def active_run() -> Run | None:
    """The run that follows what is done here; None where there is none."""
    run = _active.get()
    return run() if run else None
