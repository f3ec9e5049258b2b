"""What a served model was asked, joined with the feedback that came later: one JSONL file for each whole day.

A row's label is what people said, never what the model predicted: a model that is taught its own answers learns nothing
and forgets that it was wrong.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from tasks.acquire.config import TrafficSource
from tasks.acquire.source_file import SourceFile
from tasks.errors import StorageError, UserInputError
from tasks.traffic.feedback import FeedbackLog
from tasks.traffic.window import TrafficWindow

log = logging.getLogger(__name__)

Answer = tuple[str, int]
"""A served answer: its request's id, and the text's place in the request."""
TIED = object()
"""What stands for a label where as many people say one thing as another."""


def traffic_files(source: TrafficSource, section: str, today: date | None = None) -> list[SourceFile]:
    """The last `days` whole days (UTC) before `today`, each a JSONL file; an empty day none.

    `id` is the request's id and the text's place in it, `date` the moment of the answer. `label` is null where nobody
    gave feedback; of several people the majority counts, each with the newest that they said, also what came after the
    window; where they tie the answer is left out. For `data.unlabelled` the texts without feedback are taken, for other
    splits those with it, and the rest too where `only_with_feedback` is off. What was left out, and why, is counted in
    one line of the log, as is feedback on answers that the window does not hold.

    Raises UserInputError where nothing is left, with the reason; StorageError where a log cannot be read.
    """
    until = datetime.combine(today or datetime.now(UTC).date(), time(), UTC)
    since = until - timedelta(days=source.days)
    joined = _Join(source, wants_labelled=section != "data.unlabelled", labels=_labels(source.model, since.date()))
    days = [since + timedelta(days=number) for number in range(source.days)]
    files = [file for day in days if (file := _day_file(joined, section, day)) is not None]
    joined.counts["feedback without its request"] = len(joined.labels.agreed.keys() - joined.met)
    joined.counts["unreadable lines"] += joined.labels.unreadable
    log.info("%s: served traffic of %s since %s: %s", section, source.model, since.date(), _in_words(joined.counts))
    if not files:
        raise UserInputError(_nothing_left(source, section, joined.counts))
    return files


@dataclass
class _Labels:
    """What people agree on, by answer; TIED where they do not."""

    agreed: dict[Answer, object]
    unreadable: int


@dataclass
class _Join:
    """The state of one join: which feedback found its answer, and the counts."""

    source: TrafficSource
    wants_labelled: bool
    labels: _Labels
    met: set[Answer] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    def lines(self, day: datetime) -> Iterator[bytes]:
        """The rows of one day as JSON lines, in the order in which they were served."""
        window = TrafficWindow(self.source.model, day, day + timedelta(days=1))
        for served in window:
            answer = (served.request_id, served.position)
            label = self.labels.agreed.get(answer)
            if label is not None:
                self.met.add(answer)
            reason = self._why_left_out(served.text, label)
            self.counts["answers"] += 1
            self.counts[reason or "rows"] += 1
            if reason is None:
                known = {"id": f"{served.request_id}-{served.position}", "date": served.time.isoformat()}
                row = known | {"text": served.text, "label": label}
                yield json.dumps(row, ensure_ascii=False).encode() + b"\n"
        self.counts["unreadable lines"] += window.unreadable

    def _why_left_out(self, text: str | None, label: object) -> str | None:
        if text is None:
            return "without text"
        if label is TIED:
            return "tied"
        if label is None and self.wants_labelled and self.source.only_with_feedback:
            return "without feedback"
        return "with feedback" if label is not None and not self.wants_labelled else None


def _labels(model: str, since: date) -> _Labels:
    """The majority of what people said about each answer, each with the newest that they said."""
    newest: dict[Answer, dict[str, tuple[datetime, str]]] = {}
    feedback = FeedbackLog(model, since)
    for one in feedback:
        said = newest.setdefault((one.request_id, one.position), {})
        if one.by not in said or said[one.by][0] <= one.time:
            said[one.by] = (one.time, one.label)
    agreed = {answer: _majority(label for _, label in said.values()) for answer, said in newest.items()}
    return _Labels(agreed, feedback.unreadable)


def _majority(labels: Iterator[str]) -> object:
    first, *others = Counter(labels).most_common(2)
    return TIED if others and others[0][1] == first[1] else first[0]


def _day_file(joined: _Join, section: str, day: datetime) -> SourceFile | None:
    """The file of one day, known by its content; none where the day has no rows."""
    digest, size = hashlib.sha256(), 0
    for line in joined.lines(day):
        digest.update(line)
        size += len(line)
    if not size:
        return None
    version = f"sha256:{digest.hexdigest()}"
    name = f"{joined.source.model}-{day.date().isoformat()}.jsonl"
    where = f"served traffic of {joined.source.model} on {day.date().isoformat()}"

    def fetch(folder: Path) -> Path:
        again = _Join(joined.source, joined.wants_labelled, joined.labels)
        written, target = hashlib.sha256(), Path(tempfile.mkdtemp(prefix="traffic-", dir=folder)) / name
        with target.open("wb") as file:
            for line in again.lines(day):
                written.update(line)
                file.write(line)
        if f"sha256:{written.hexdigest()}" != version:
            target.unlink()
            raise StorageError(f"{section} ({where}) grew while it was read: run again to read all of it")
        return target

    return SourceFile(name, where, version, size, "jsonl", fetch)


def _in_words(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()) if count)


def _nothing_left(source: TrafficSource, section: str, counts: Counter[str]) -> str:
    where = f"{section} (served traffic of {source.model}, the last {source.days} whole days)"
    answers = counts["answers"]
    if not answers:
        return (
            f"{where} holds no answers: serve the model (python -m deployments.server {source.model} --keep-texts) on "
            "this machine's REFIT_HOME, or raise days; today does not count yet"
        )
    if counts["without text"] == answers:
        return (
            f"{where} holds {answers:,} answers and the text of none: start the server with --keep-texts, so "
            "that the request log keeps texts"
        )
    return (
        f"{where} has no row that may be taken ({_in_words(counts)}): send what is right to the server's "
        f"POST /feedback, or set {section}.only_with_feedback to false"
    )
