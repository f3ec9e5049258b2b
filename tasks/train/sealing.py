"""Sealing in a thread of its own: hashing, syncing and renaming a large checkpoint do not hold up the steps after it.

A small one is waited for: a step that is taken before a checkpoint is sealed is repeated where the training is killed.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType

from tasks.train.checkpoints import folder_bytes, keep_only, seal, steps_on, worth_keeping
from tasks.train.disk import explained_writing

PATIENCE_SECONDS = 0.5
"""For so long the steps wait for a checkpoint to be sealed; a larger one is sealed beside them."""


class Sealer:
    """Seals one checkpoint at a time onto `shelf`, in the order given; as a context manager it ends when all is done.

    What goes wrong in the thread is raised, as TrainingFailed, by the next `check`, `wait` or the end of the block.
    """

    def __init__(self, shelf: Path) -> None:
        self.shelf, self.newest_bytes, self.newest_seconds = shelf, 0, 0.0
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="seal")
        self._pending: Future[None] | None = None

    def __enter__(self) -> Sealer:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True)
        if error is None:
            self.wait()

    def seal(self, written: Path, best: int | None) -> None:
        """Have `written` sealed and what is no longer needed removed; waits for the checkpoint before, if need be."""
        self.wait()
        self._pending = self._pool.submit(self._seal, written, best)
        wait([self._pending], PATIENCE_SECONDS)

    def check(self) -> None:
        """Raise what went wrong so far, without waiting."""
        if self._pending is not None and self._pending.done():
            self.wait()

    def wait(self) -> None:
        """Wait until everything given is sealed."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def _seal(self, written: Path, best: int | None) -> None:
        start = time.monotonic()
        with explained_writing(written, lambda: self.newest_bytes):
            self.newest_bytes = folder_bytes(written)
            seal(written, self.shelf)
        self.newest_seconds = time.monotonic() - start
        keep_only(self.shelf, worth_keeping(steps_on(self.shelf), best))
