"""Follows one flow run: hears of every stage that ends, has it written to MLflow, and says what the run came to."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.mlflow import MlflowFailed, Point
from tasks.records import DatasetRef, GateResult, ModelRef, Outcome, Release, Report, SideBySide, Verdict
from tasks.track.card import model_card
from tasks.track.figures import metric_name
from tasks.track.outcome import outcome_of
from tasks.track.run_log import RunLog
from tasks.track.writer import TrackingFailed, Writer

SECONDS_BETWEEN_CURVES = 2.0
"""How often the points of running curves are sent."""
MAY_REJECT = ("validate", "compare", "curate", "advise")
"""Stages that may find the data unfit, in their order."""


@dataclass
class TrackedRun:
    """Follows the stages of a flow run. Only the writer's thread touches the log, so stages do not wait for MLflow."""

    log: RunLog
    warn: Callable[[str], None]
    writer: Writer = field(default_factory=Writer)
    seconds: dict[str, float] = field(default_factory=dict)
    reused: list[str] = field(default_factory=list)
    finished: bool = False
    _candidate_digest: str | None = None
    _both: SideBySide | None = None
    _points: list[Point] = field(default_factory=list)
    _sending: bool = False
    _sent_at: float = 0.0
    _missed_points: bool = False

    def start(self) -> None:
        """Open the MLflow run, without waiting for it."""
        self.writer.do(self.log.start)

    def progress(self, step: int, measures: Mapping[str, float]) -> None:
        """Have curves grow while their stage runs, without waiting for MLflow or failing where it does not answer.

        What does not arrive is written with the model's own history, once the model is there.
        """
        self._points += [Point(metric_name(*name.split("/", 1)), value, step) for name, value in measures.items()]
        now = time.monotonic()
        if now - self._sent_at >= SECONDS_BETWEEN_CURVES and not self._sending:
            self._sent_at = now
            self._send_points()

    def _send_points(self) -> None:
        points, self._points = self._points, []
        if points:
            self._sending = True
            self.writer.do(self._grow, points)

    def _grow(self, points: list[Point]) -> None:
        try:
            self.log.grow(points)
        except MlflowFailed as error:
            if not self._missed_points:
                self.warn(f"curves do not reach MLflow while they grow: {error}")
            self._missed_points = True
        finally:
            self._sending = False

    def stage_done(self, stage: str, result: Any, seconds: float, reused: bool) -> None:
        """Write down what a stage came to. Raises TrackingFailed, but never once a release is written."""
        if stage == "export" and isinstance(result, ModelRef):
            self._candidate_digest = result.digest
        if isinstance(result, Report) and self._candidate_digest not in {None, result.model_digest}:
            stage = f"{stage}_champion"
        if isinstance(result, SideBySide):
            self._both = result
        again = stage in self.seconds
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
        if reused and stage not in self.reused:
            self.reused.append(stage)
        self._send_points()
        self.writer.do(self.log.stage, stage, None if again else result, self.seconds[stage])
        if stage == "release":
            return
        if isinstance(result, Verdict):
            # A release looks its model up in MLflow, so it must have arrived there; and what is not tracked must not
            # be released.
            self.writer.drain()
        self.writer.check()

    def finish(
        self, dataset: DatasetRef, candidate: ModelRef, report: Report, verdict: Verdict, released: Release | None
    ) -> Outcome:
        """End the run and return what it came to. Raises TrackingFailed, but never where something was released."""
        self.finished = True
        self._drain(released)
        outcome = outcome_of(
            self.log.model,
            dataset,
            candidate,
            report,
            verdict,
            released,
            seconds=self.seconds,
            reused=tuple(self.reused),
            run_id=self.log.run_id,
        )
        config = self.log.config.model_dump(mode="json")
        card = model_card(config, outcome, dataset, candidate, report, verdict, released, self._both)
        self.writer.do_anyway(self.log.finish, outcome, card, sum(self.seconds.values()))
        self._drain(released)
        return outcome

    def stop(self, dataset: DatasetRef, gate: GateResult) -> Outcome:
        """End the run before anything is trained, because `gate` did not pass, and return what it came to."""
        self.finished = True
        self.writer.drain()
        outcome = Outcome(
            state="rejected" if gate.state == "fail" else "inconclusive",
            model=self.log.model,
            release=None,
            candidate_digest=None,
            dataset_digest=dataset.digest,
            gates=(gate,),
            metrics={},
            seconds=dict(self.seconds),
            reused=tuple(self.reused),
            mlflow_run_id=self.log.run_id,
        )
        self.writer.do_anyway(self.log.finish, outcome, None, sum(self.seconds.values()))
        self.writer.drain()
        return outcome

    def close(self, error: BaseException | None) -> None:
        """End the run, unless `finish` has: as FAILED, or as KILLED where `error` is an interrupt.

        Raises TrackingFailed where nothing else was raised and not all of the run could be written.
        """
        try:
            if error is not None:
                self._end("FAILED" if isinstance(error, Exception) else "KILLED", error)
            elif not self.finished:
                self.writer.drain()
                self._end("FINISHED", None)
        except TrackingFailed as failure:
            if error is None:
                raise
            self.warn(str(failure))
        finally:
            self.writer.close()

    def _end(self, status: str, error: BaseException | None) -> None:
        ended = next((stage for stage in MAY_REJECT if stage not in self.seconds), MAY_REJECT[-1])
        self.writer.do_anyway(self.log.end, status, error, ended)
        self.writer.drain()

    def _drain(self, released: Release | None) -> None:
        try:
            self.writer.drain()
        except TrackingFailed as error:
            if released is None:
                raise
            self.warn(
                f"release {released.number} of {released.model} is written, but not all of it is tracked: {error}"
            )
