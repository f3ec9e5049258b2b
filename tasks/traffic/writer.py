"""Writing served answers without slowing a request: they are queued, and a thread writes them every second."""

from __future__ import annotations

import logging
import os
import threading
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from tasks.pii.masking import mask
from tasks.traffic.private_files import append_private
from tasks.traffic.served import Served, day_file, day_of

log = logging.getLogger(__name__)


class TrafficWriter:
    """Appends to a model's files of the day. Use as a context manager; leaving it writes what still waits.

    With `mask_texts` personal data in the texts gives way to the name of its kind before they are written.
    Where the disk cannot be written the answers wait, up to `most_waiting`, and are written when it can; what comes
    beyond that is not kept, and `lost` counts it. Several processes may write the same files: each write appends.
    """

    def __init__(
        self, model: str, flush_seconds: float = 1.0, most_waiting: int = 200_000, mask_texts: bool = True
    ) -> None:
        self.model, self.flush_seconds, self.most_waiting = model, flush_seconds, most_waiting
        self.mask_texts = mask_texts
        self.lost = 0
        self._queue: list[Served] = []
        self._lock = threading.Lock()
        self._unwritten: dict[Path, bytes] = {}
        self._unwritten_lines = 0
        self._failing = False
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="traffic", daemon=True)

    def __enter__(self) -> TrafficWriter:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join()
        if self._unwritten_lines:
            log.error("%d served answers could not be written before the end", self._unwritten_lines)

    def add(self, answers: Iterable[Served]) -> None:
        """Queue answers; returns at once, whatever the disk does."""
        with self._lock:
            self._queue.extend(answers)
            over = len(self._queue) + self._unwritten_lines - self.most_waiting
            if over > 0:
                del self._queue[max(0, len(self._queue) - over) :]
                self.lost += over

    def _work(self) -> None:
        while not self._closing.wait(self.flush_seconds):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        with self._lock:
            taken, self._queue = self._queue, []
            self._unwritten_lines += len(taken)
        fresh: dict[Path, list[bytes]] = defaultdict(list)
        for served in taken:
            fresh[day_file(self.model, day_of(served.time))].append(self._line(served))
        for path, lines in fresh.items():
            self._unwritten[path] = self._unwritten.get(path, b"") + b"".join(lines)
        try:
            for path in list(self._unwritten):
                self._append(path)
        except OSError as error:
            if not self._failing:
                log.warning(
                    "served answers cannot be written (%s): they wait, and are written when it is mended", error
                )
            self._failing = True
        else:
            self._failing = False
        with self._lock:
            self._unwritten_lines = sum(data.count(b"\n") for data in self._unwritten.values())

    def _line(self, served: Served) -> bytes:
        if self.mask_texts and served.text is not None:
            served = served.model_copy(update={"text": mask(served.text)[0]})
        return served.line()

    def _append(self, path: Path) -> None:
        """Write what waits for one file. What a full disk did not take goes on from there the next time."""
        with append_private(path) as descriptor:
            while data := self._unwritten[path]:
                self._unwritten[path] = data[os.write(descriptor, data) :]
            del self._unwritten[path]
