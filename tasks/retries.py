"""Named retry profiles, and the one test of what is worth trying again: what the user must mend is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prefect.tasks import exponential_backoff

from tasks.errors import CorruptArtefact, RefitError, StorageError


@dataclass(frozen=True)
class Retries:
    """How often a task is tried again, and how long it waits in between."""

    times: int = 0
    backoff_seconds: float = 1.0

    def options(self) -> dict[str, Any]:
        """Keyword arguments for `prefect.task`."""
        if not self.times:
            return {}
        return {
            "retries": self.times,
            "retry_delay_seconds": exponential_backoff(backoff_factor=self.backoff_seconds),
            "retry_jitter_factor": 0.5,
            "retry_condition_fn": worth_retrying,
        }


NONE = Retries()
NETWORK = Retries(times=3, backoff_seconds=2.0)
"""For stages that talk to storage, a hub or a server."""
MACHINE = Retries(times=1, backoff_seconds=5.0)
"""For long work in a process of its own, which goes on from its newest whole checkpoint."""


def worth_retrying(_task: Any, _run: Any, state: Any) -> bool:
    """False for the user's input, damaged files and interrupts; True for what may pass by itself."""
    error = state.result(raise_on_failure=False)
    if isinstance(error, CorruptArtefact):
        return False
    if isinstance(error, RefitError):
        return isinstance(error, StorageError) or error.exit_code == 1
    return isinstance(error, OSError | TimeoutError | ConnectionError)
