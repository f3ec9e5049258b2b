"""The door of the stage `track`: one MLflow run for one flow run, each with a link to the other."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

import httpx
from prefect import runtime
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.context import FlowRunContext
from pydantic import BaseModel

from tasks.actor import actor
from tasks.registry.active_run import followed_by
from tasks.stage import StageDone, StageProgress, listening, run_logger

if TYPE_CHECKING:
    from tasks.track.run import TrackedRun
    from tasks.track.run_log import Origin

ARTIFACT = "mlflow-run"


def tracked_run(model: str, config: BaseModel) -> Tracking:
    """Follow the stages in a `with` block with a run in the MLflow experiment `model`; `finish` gives its outcome.

    What the block raises ends the run as FAILED, or KILLED for an interrupt, and goes on. Raises TrackingFailed where
    MLflow cannot be used.
    """
    from tasks.registry.connection import mlflow
    from tasks.track.run import TrackedRun
    from tasks.track.run_log import RunLog

    return Tracking(TrackedRun(RunLog(mlflow(), model, config, _origin()), run_logger().warning))


class Tracking:
    """The block in which stages are followed."""

    def __init__(self, run: TrackedRun) -> None:
        self.run, self.linked = run, run.log.origin.flow_run_id is None
        self.listening, self.followed = listening(self._heard), followed_by(lambda: run.log.place)

    def __enter__(self) -> TrackedRun:
        self.run.start()
        self.listening.__enter__()
        self.followed.__enter__()
        return self.run

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.followed.__exit__(None, None, None)
        self.listening.__exit__(None, None, None)
        try:
            self.run.close(error)
        finally:
            self._link()

    def _heard(self, event: StageDone | StageProgress) -> None:
        if isinstance(event, StageProgress):
            self.run.progress(event.step, event.measures)
        else:
            self.run.stage_done(event.name, event.result, event.seconds, event.reused)
        self._link()

    def _link(self) -> None:
        """Leave the way to the MLflow run among the flow run's artifacts in Prefect, as soon as it is known."""
        log = self.run.log
        if self.linked or log.run_id is None:
            return
        self.linked = True
        try:
            if log.url:
                create_link_artifact(log.url, "MLflow run", key=ARTIFACT)
            else:
                place = f"in the experiment `{log.model}` of `{log.mlflow.uri}`"
                create_markdown_artifact(f"MLflow run `{log.run_id}` {place}; `make ui` opens it.", key=ARTIFACT)
        except httpx.HTTPError as error:
            self.run.warn(f"the link to the MLflow run could not be left in Prefect: {error}")


def _origin() -> Origin:
    from tasks.track.run_log import Origin

    context = FlowRunContext.get()
    creator = context.flow_run.created_by if context and context.flow_run else None
    url = runtime.flow_run.ui_url if runtime.flow_run.id else None
    return Origin(
        flow_name=runtime.flow_run.flow_name or "no flow",
        flow_run_name=runtime.flow_run.name or "without a flow",
        flow_run_id=runtime.flow_run.id,
        flow_run_url=url if url and url.startswith("http") else None,
        by=actor(creator.display_value if creator else None),
    )
