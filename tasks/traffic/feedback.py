"""Feedback on served answers: what people say the right label was, one JSON Lines file for the day it came (UTC)."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pydantic import AwareDatetime, Field, ValidationError

from infra.settings import settings
from tasks.errors import StorageError
from tasks.records import Record
from tasks.traffic.private_files import append_private, make_private
from tasks.traffic.served import day_of

MOST_LABEL_CHARACTERS, MOST_NAME_CHARACTERS = 200, 200


class Feedback(Record):
    """What one person said about one answer. The newest of a person counts."""

    request_id: str = Field(pattern=r"^[0-9a-z]{1,64}$")
    """As the answer gave it."""
    position: int = Field(ge=0)
    """Place of the text in its request, from 0."""
    label: str = Field(min_length=1, max_length=MOST_LABEL_CHARACTERS)
    """The label that is right."""
    by: str = Field(min_length=1, max_length=MOST_NAME_CHARACTERS)
    """Who says so: any name that tells people apart."""
    time: AwareDatetime
    """When it came, UTC."""

    def line(self) -> bytes:
        """The feedback as it is written, line break included."""
        return self.model_dump_json().encode() + b"\n"


def feedback_folder(model: str) -> Path:
    """Where the feedback on a model's answers is."""
    return settings().home_path / "traffic" / model / "feedback"


def append_feedback(model: str, feedback: Feedback) -> None:
    """Write feedback to the file of its day; it is on the disk when this returns. Several processes may do so.

    Raises StorageError where it cannot be written.
    """
    path = feedback_folder(model) / f"{day_of(feedback.time).isoformat()}.jsonl"
    try:
        if not path.parent.is_dir():
            make_private(path.parent.parent)
        with append_private(path, os.O_RDWR) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            size = os.fstat(descriptor).st_size
            # A line that a crash cut off must not swallow the next one.
            broken = size and os.pread(descriptor, 1, size - 1) != b"\n"
            line = b"\n" + feedback.line() if broken else feedback.line()
            if os.write(descriptor, line) < len(line):
                raise StorageError(f"the feedback in {path} cannot be written: the disk is full")
            os.fsync(descriptor)
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(f"the feedback in {path} cannot be written ({error.strerror or error})") from None


class FeedbackLog:
    """The feedback on a model's answers that came on the day `since` or later, in the order in which it was written.

    Iterating reads the files a line at a time. Lines that are no feedback (cut off by a crash, or altered) are passed
    over and counted in `unreadable`. Raises StorageError where a file cannot be read.
    """

    def __init__(self, model: str, since: date) -> None:
        self.model, self.since = model, since
        self.unreadable = 0

    def __iter__(self) -> Iterator[Feedback]:
        self.unreadable = 0
        for path in sorted(feedback_folder(self.model).glob("????-??-??.jsonl")):
            if path.stem < self.since.isoformat():
                continue
            try:
                with path.open("rb") as file:
                    yield from self._parsed(file)
            except OSError as error:
                raise StorageError(f"the feedback in {path} cannot be read ({error.strerror or error})") from None

    def _parsed(self, lines: Iterator[bytes]) -> Iterator[Feedback]:
        for line in lines:
            try:
                yield Feedback.model_validate_json(line)
            except ValidationError:
                self.unreadable += 1
