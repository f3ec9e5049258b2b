"""One served answer, and where a model's served answers are written: one JSON Lines file a day (UTC)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import AwareDatetime

from infra.settings import settings
from tasks.records import Record


class Served(Record):
    """One text that was answered: a line of the log. A request of several texts makes several lines."""

    request_id: str
    position: int
    """Place of the text in its request, from 0."""
    time: AwareDatetime
    """When the answer was ready, UTC."""
    release: int
    """Number of the release that answered."""
    model_digest: str
    label: str
    """The predicted label."""
    confidence: float
    """Calibrated probability of that label."""
    text: str | None = None
    """The text itself, personal data masked unless the server was told otherwise; null unless it keeps texts."""

    def line(self) -> bytes:
        """The answer as it is written, line break included."""
        return self.model_dump_json(exclude_none=True).encode() + b"\n"


def day_file(model: str, day: date) -> Path:
    """Where the answers of one day are."""
    return settings().home_path / "traffic" / model / f"{day.isoformat()}.jsonl"


def day_of(time: datetime) -> date:
    """The day, in UTC, whose file holds an answer given at `time` (with its time zone)."""
    return time.astimezone(UTC).date()
