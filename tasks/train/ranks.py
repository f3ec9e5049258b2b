"""One training in several processes: the first one speaks and decides, and the others follow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


def is_first() -> bool:
    """Whether this is the process that speaks, writes manifests and holds the lock."""
    return os.environ.get("RANK", "0") == "0"


def processes() -> int:
    """How many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def processes_here() -> int:
    """How many of them are on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", processes()))


def wait_for_all() -> None:
    """Go on only when every process has come here."""
    if processes() > 1:
        from accelerate import PartialState

        PartialState().wait_for_everyone()


@contextmanager
def first_goes_ahead() -> Iterator[None]:
    """The first process does the block before the others, so that they find what it has made."""
    if not is_first():
        wait_for_all()
    yield
    if is_first():
        wait_for_all()


def as_the_first(value: T) -> T:
    """The value that the first process gives; every process must call this at the same point."""
    if processes() == 1:
        return value
    from accelerate.utils import broadcast_object_list

    shared = [value]
    broadcast_object_list(shared)
    return shared[0]
