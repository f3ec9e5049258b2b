"""`outcome.json`: what a run came to, for the program that started it. It is written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from tasks.errors import UserInputError
from tasks.records import Outcome


class OutcomeFile:
    """The file at `path`; making one removes what an earlier run left there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            with tempfile.TemporaryFile(dir=path.parent):
                pass
        except OSError as error:
            message = f"the outcome cannot be written to {path}: {error.strerror}; choose another --outcome"
            raise UserInputError(message) from None

    def write_outcome(self, outcome: Outcome) -> None:
        """Write a run's outcome."""
        self._write(outcome.model_dump(mode="json"))

    def write_failure(self, state: str, *, kind: str, message: str, model: str | None, stage: str | None) -> None:
        """Write that the run ended without an outcome: `state` is `failed` or `interrupted`."""
        self._write({"state": state, "model": model, "stage": stage, "error": {"kind": kind, "message": message}})

    def _write(self, content: dict[str, Any]) -> None:
        descriptor, name = tempfile.mkstemp(prefix=f".{self.path.name}-", dir=self.path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        aside = Path(name)
        aside.chmod(0o644)
        aside.replace(self.path)
