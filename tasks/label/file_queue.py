"""The embedded labelling queue: a folder of CSV batches that people fill in with any spreadsheet."""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tasks.errors import StorageError
from tasks.label.csv_file import Question, read_questions, write_questions

BATCH = re.compile(r"batch-(\d+)\.csv")


@dataclass(frozen=True)
class FileQueue:
    """The batches `batch-0001.csv`, `batch-0002.csv`, … in one folder."""

    folder: Path

    def batches(self) -> list[Path]:
        """The CSV files that people fill in, oldest first; copies of one count as well."""
        return sorted(self.folder.glob("batch-*.csv"), key=lambda path: path.stem)

    def questions(self) -> list[Question]:
        """Every row of every batch. Raises UserInputError, naming file and line, for a broken file."""
        return [question for path in self.batches() for question in read_questions(path)]

    def waiting(self) -> list[Question]:
        """The questions that nobody has answered in any file, each once."""
        rows = self.questions()
        answered = {row.id for row in rows if row.answered}
        return list({row.id: row for row in rows if row.id not in answered}.values())

    def pull(self) -> list[Question]:
        """The answers, one for each question and annotator; where files differ, the one that was edited last counts.

        The whole queue is read each time, so that edits and deletions are seen and nothing is counted twice.
        """
        by_edit = sorted(self.batches(), key=lambda path: path.stat().st_mtime_ns)
        rows = (row for path in by_edit for row in read_questions(path))
        answers = {(row.id, row.annotator): row for row in rows if row.answered}
        return [answers[key] for key in sorted(answers)]

    def push(self, rows: Iterable[Question], *, at_most: int, max_open: int) -> int:
        """Ask up to `at_most` of `rows`, in their order, in one new batch; return how many were asked.

        A row that any batch holds is not asked again, and none is while `max_open` questions wait.
        """
        if at_most == 0:
            return 0
        with self._alone():
            asked = {question.id for question in self.questions()}
            room = min(at_most, max_open - len(self.waiting()))
            fresh = [row for row in {row.id: row for row in rows}.values() if row.id not in asked][: max(room, 0)]
            if fresh:
                self._add(fresh)
        return len(fresh)

    def answer(self, question_id: str, label: str, annotator: str) -> None:
        """Write an answer into every batch that asks the question; a file is replaced whole."""
        with self._alone():
            for path in self.batches():
                rows = read_questions(path)
                if any(row.id == question_id for row in rows):
                    changed = [row.answer(label, annotator) if row.id == question_id else row for row in rows]
                    write_questions(path, changed, new=False)

    def _add(self, questions: list[Question]) -> None:
        numbers = [int(match[1]) for path in self.batches() if (match := BATCH.fullmatch(path.name))]
        number = max(numbers, default=0) + 1
        while not write_questions(self.folder / f"batch-{number:04d}.csv", questions, new=True):
            number += 1

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other runs and terminals from writing meanwhile."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / ".lock").open("w")
        except OSError as error:
            raise StorageError(
                f"the labelling queue {self.folder} cannot be written ({error.strerror}): "
                "set REFIT_HOME to a writable folder"
            ) from None
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
