"""SIGTERM, as an evicted pod or a stopped flow gets it: one more checkpoint where that is quick, and a clean end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tasks.errors import TrainingFailed

GRACE_SECONDS = 5.0
"""A checkpoint that takes longer is not begun; Kubernetes kills 30 seconds after its SIGTERM, as a rule."""


class Stopped(TrainingFailed):
    """The process was told to stop; started again, the training goes on."""

    exit_code = 128 + signal.SIGTERM


@dataclass
class StopRequest:
    """Whether this process was told to stop."""

    heard: bool = False
    heeded: bool = False

    def listen(self) -> None:
        """From now on SIGTERM is a request: heeded by whoever trains, and at once where nobody does."""
        signal.signal(signal.SIGTERM, self._hear)

    @contextmanager
    def heeding(self) -> Iterator[None]:
        """In the block somebody looks at `heard` after every step."""
        self.heeded = True
        try:
            yield
        finally:
            self.heeded = False

    def _hear(self, _number: int, _frame: object) -> None:
        self.heard = True
        if not self.heeded:
            raise Stopped("it was told to stop (SIGTERM) before its first step or between two stages")


STOP = StopRequest()
"""The one of this process."""
