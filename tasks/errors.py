"""What can go wrong, as one small family of errors; each is also the standard-library error it is a case of.

Every message says what was wrong, where, what was allowed and what to do. The exit code of a command follows
from the class: 3 for the user's input, 1 for a fault.
"""

from __future__ import annotations


class RefitError(Exception):
    """Something Refit can explain in one message; ends a command with exit code 1."""

    exit_code = 1


class UserInputError(RefitError, ValueError):
    """The user's config, files or settings are wrong; ends a command with exit code 3."""

    exit_code = 3


class DataRejected(UserInputError):
    """The data as a whole failed its checks. `report_uri` names the stored dataset that holds the evidence."""

    def __init__(self, message: str, report_uri: str | None = None) -> None:
        super().__init__(message, report_uri)
        self.message = message
        self.report_uri = report_uri

    def __str__(self) -> str:
        return self.message


class MissingSecret(UserInputError, LookupError):
    """A secret that the config names is not set."""


class StorageError(RefitError, OSError):
    """The artefact store, or what it holds, cannot be read or written."""


class CorruptArtefact(StorageError):
    """A stored folder does not hold the bytes that its manifest promises."""


class TrainingFailed(RefitError, RuntimeError):
    """The training process ended without a model."""


class ReleaseConflict(RefitError, FileExistsError):
    """Somebody else released first; judge again against the new champion."""


class ReleaseRefused(RefitError, PermissionError):
    """The verdict does not allow this model to be released."""
