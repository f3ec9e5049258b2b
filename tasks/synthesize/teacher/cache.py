"""What a teacher has answered before, by model, prompt and settings: a run that is tried again pays nothing twice."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infra.settings import settings
from tasks.errors import StorageError

Messages = Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Answer:
    """The teacher's text, and whether it came to its end."""

    text: str
    whole: bool


class TeacherCache:
    """Answers on disk, one file each, written aside and renamed, so that a killed run leaves no half of one."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or settings().home_path / "cache" / "teacher"

    @staticmethod
    def key(model: Mapping[str, Any], messages: Messages, options: Mapping[str, Any]) -> str:
        """SHA-256 of all that an answer depends on."""
        content = json.dumps([dict(model), [dict(message) for message in messages], dict(options)], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    def get(self, key: str) -> Answer | None:
        """The answer kept under a key; None where there is none that can be read."""
        try:
            content = json.loads(self._path(key).read_text(encoding="utf-8"))
            return Answer(text=str(content["text"]), whole=bool(content["whole"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def put(self, key: str, answer: Answer) -> None:
        """Keep an answer, readable by this user only. Raises StorageError where the folder cannot be written."""
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, aside = tempfile.mkstemp(prefix=".incoming-", dir=path.parent)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(asdict(answer), file, ensure_ascii=False)
            Path(aside).replace(path)
        except OSError as error:
            raise StorageError(
                f"the teacher's answers cannot be kept in {self.folder} ({error.strerror}): set REFIT_HOME to a "
                "writable folder"
            ) from None

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"
