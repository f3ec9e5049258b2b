"""Which release is served: the newest of the log that is whole and allowed. What is refused is remembered and said."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass

from deployments.server.loading import Load, Loaded, NotServed
from tasks.errors import CorruptArtefact, RefitError
from tasks.records import Release
from tasks.release.log import read_log

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refused:
    """A release that cannot be served as it is now."""

    release: int
    model_digest: str
    reason: str
    at_seconds: float
    """When it was last tried, by the monotonic clock."""


class Follower:
    """Follows the release log of one model. `serving` is replaced in one step, by a release that is ready to answer.

    A refused release is tried again after `retry_seconds`, since its files can be restored. `problem` says why the log
    could not be followed at the last look, and is null where it could.
    """

    def __init__(self, model: str, load: Load, retry_seconds: float = 60.0) -> None:
        self.model, self.load, self.retry_seconds = model, load, retry_seconds
        self.serving: Loaded | None = None
        self.newest: int | None = None
        self.problem: str | None = None
        self._refused: dict[int, Refused] = {}

    @property
    def refused(self) -> list[Refused]:
        """The refused releases that are newer than what is served, newest first."""
        served = self.serving.entry.number if self.serving else 0
        known = dict(self._refused)
        return [known[number] for number in sorted(known, reverse=True) if number > served]

    async def follow(self, poll_seconds: float) -> None:
        """Look at the log every `poll_seconds` until cancelled; whatever goes wrong, what is served stays."""
        while True:
            (error,) = await asyncio.gather(asyncio.to_thread(self.look), return_exceptions=True)
            if isinstance(error, Exception):
                self._note_problem(f"{type(error).__name__}: {error}")
            await asyncio.sleep(poll_seconds)

    def look(self) -> None:
        """Read the log, and serve its newest release unless that is refused or serves already."""
        try:
            entries = read_log(self.model)
            seen = entries[-1].number if entries else 0
            if seen < (self.newest or 0):
                raise CorruptArtefact(f"the release log ends at entry {seen}, but entry {self.newest} was there before")
            self.newest = seen or None
            self._serve_best(entries)
        except (RefitError, OSError) as error:
            self._note_problem(str(error))
        else:
            self.problem = None

    def _serve_best(self, entries: list[Release]) -> None:
        for entry in _by_preference(entries):
            if self.serving and entry.number <= self.serving.entry.number:
                return
            before = self._refused.get(entry.number)
            if before and time.monotonic() - before.at_seconds < self.retry_seconds:
                continue
            try:
                loaded = self.load(entry, self.serving)
            except (CorruptArtefact, NotServed) as error:
                self._refuse(entry, str(error))
                continue
            replaced, self.serving = self.serving, loaded
            self._refused.pop(entry.number, None)
            instead = f" instead of release {replaced.entry.number}" if replaced else ""
            log.info("serving release %d of %s, model %s%s", entry.number, self.model, entry.model_digest[:12], instead)
            return

    def _refuse(self, entry: Release, reason: str) -> None:
        if entry.number not in self._refused:
            stays = f"release {self.serving.entry.number} goes on" if self.serving else "it serves nothing"
            log.error("release %d of %s is refused, %s: %s", entry.number, self.model, stays, reason)
        self._refused[entry.number] = Refused(entry.number, entry.model_digest, reason, time.monotonic())

    def _note_problem(self, problem: str) -> None:
        if problem != self.problem:
            log.error("the release log of %s cannot be followed: %s", self.model, problem)
        self.problem = problem


def _by_preference(entries: list[Release]) -> Iterator[Release]:
    """The newest first, and never past a rollback: what lies before one was taken out of service on purpose."""
    for entry in reversed(entries):
        yield entry
        if entry.kind == "rollback":
            return
