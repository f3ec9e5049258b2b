"""The trials of a search as child runs in MLflow, below the run that follows the flow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from infra.mlflow import Mlflow, MlflowFailed, Point
from tasks.train.search.record import Trial

PARENT = "mlflow.parentRunId"
T = TypeVar("T")
STATUS = {"complete": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}


@dataclass
class TrialRuns:
    """Writes trials to MLflow. Where that fails, a person is told once, and the search goes on."""

    mlflow: Mlflow
    experiment_id: str
    parent_run_id: str
    on_note: Callable[[str], None]
    failed: bool = False

    def begin(self, number: int, values: dict[str, float]) -> str | None:
        """Begin the run of a trial and return its id; None where it could not be begun."""

        def begin() -> str:
            tags = {PARENT: self.parent_run_id, "trial": str(number)}
            run_id = self.mlflow.start_run(self.experiment_id, f"trial {number}", tags)
            self.mlflow.log(run_id, params={f"training.{name}": f"{value:g}" for name, value in values.items()})
            return run_id

        return self._unless_failed(begin)

    def evaluated(self, run_id: str | None, step: int, loss: float) -> None:
        """Log a validation loss."""
        if run_id is not None:
            points = [Point("validation/loss", loss, step)]
            self._unless_failed(lambda: self.mlflow.log(run_id, points=points))

    def end(self, run_id: str | None, trial: Trial) -> None:
        """End the run of a trial with what it came to."""
        if run_id is None:
            return
        best = [] if trial.validation_loss is None else [Point("best_validation_loss", trial.validation_loss)]
        points = [*best, Point("seconds", trial.seconds)]
        tags = {"outcome": trial.state, "why": trial.why}
        self._unless_failed(lambda: self.mlflow.log(run_id, points=points, tags=tags))
        self._unless_failed(lambda: self.mlflow.end_run(run_id, STATUS[trial.state]))

    def _unless_failed(self, write: Callable[[], T]) -> T | None:
        if self.failed:
            return None
        try:
            return write()
        except MlflowFailed as error:
            self.failed = True
            self.on_note(f"the trials are no longer written to MLflow: {error}")
            return None
