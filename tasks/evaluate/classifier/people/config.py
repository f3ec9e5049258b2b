"""The part `evaluation.people` of the YAML: answers that people gave with the model's help and without."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from pydantic import Field

from infra.storage import file_sha256
from tasks.section import Section


class PeopleConfig(Section):
    """What the model does to the people who work with it, measured from their answers to rows of the holdout."""

    path: str = Field(min_length=1)
    """A CSV with the columns `person`, `id` (of a holdout row), `help` (yes or no: whether the model's advice was
    shown), `answer` (a label) and `advice` (the label that the model advised; empty without help). Let the same people
    answer the same rows both ways, or assign by chance. Relative paths start at the working directory."""


class _WithPeople(Protocol):
    @property
    def people(self) -> PeopleConfig | None:
        """The part of the section that names the answers."""


def people_digest(config: _WithPeople) -> str:
    """SHA-256 of the people's answers that a config points to; empty where it names none, or there is no such file."""
    path = Path(config.people.path).expanduser() if config.people else None
    return file_sha256(path) if path and path.is_file() else ""
