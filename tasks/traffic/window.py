"""Reading served answers back, by a window of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from tasks.errors import StorageError
from tasks.traffic.served import Served, day_file, day_of


@dataclass
class TrafficWindow:
    """The answers of a model given from `since` up to, and without, `until`; both with their time zone.

    Iterating reads the files a line at a time. Lines that are no answer (cut off by a crash, or altered) are passed
    over and counted in `unreadable`. Raises StorageError where a file cannot be read.
    """

    model: str
    since: datetime
    until: datetime
    unreadable: int = 0

    def __iter__(self) -> Iterator[Served]:
        self.unreadable = 0
        day, last = day_of(self.since), day_of(self.until - timedelta.resolution)
        while day <= last:
            for line in self._lines(day_file(self.model, day)):
                try:
                    served = Served.model_validate_json(line)
                except ValidationError:
                    self.unreadable += 1
                    continue
                if self.since <= served.time < self.until:
                    yield served
            day += timedelta(days=1)

    @staticmethod
    def _lines(path: Path) -> Iterator[bytes]:
        try:
            with path.open("rb") as file:
                yield from file
        except FileNotFoundError:
            return
        except OSError as error:
            raise StorageError(f"the served answers in {path} cannot be read ({error.strerror or error})") from None
