"""What one MLflow run holds: everything that a flow run did, written as it happens."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from infra.mlflow import Mlflow, Point
from infra.mlflow_registry import log_model_file
from infra.storage import file_sha256
from tasks.errors import DataRejected
from tasks.records import (
    Advice,
    Answers,
    Artefact,
    DatasetRef,
    ModelRef,
    Outcome,
    Pilot,
    Release,
    Report,
    SideBySide,
    TrainingPlan,
    Verdict,
)
from tasks.registry.models import log_once
from tasks.store import fetch
from tasks.track.figures import (
    advice_points,
    flat_params,
    gate_points,
    history_points,
    metric_name,
    pilot_points,
    plan_points,
    report_points,
    row_points,
    verdict_digests,
    verdict_tags,
)
from tasks.track.inputs import acquired_input, split_inputs, split_name
from tasks.track.outcome import note

MESSAGE_CHARACTERS = 2000


def _holdout_of(model: str, dataset: DatasetRef) -> tuple[str, str]:
    return split_name(model, "holdout"), dataset.digest


@dataclass(frozen=True)
class Origin:
    """The flow run that is followed."""

    flow_name: str
    flow_run_name: str
    flow_run_id: str | None
    flow_run_url: str | None
    by: str

    def tags(self) -> dict[str, str]:
        """The way back to Prefect, and what MLflow shows as source and user."""
        links = {"prefect.flow_run_id": self.flow_run_id, "prefect.flow_run_url": self.flow_run_url}
        shown = {"mlflow.user": self.by, "mlflow.source.name": self.flow_name, "mlflow.source.type": "JOB"}
        return {**shown, **{name: value for name, value in links.items() if value}}


@dataclass
class RunLog:
    """Writes one run to MLflow. Every method but the properties may raise MlflowFailed."""

    mlflow: Mlflow
    model: str
    config: BaseModel
    origin: Origin
    experiment_id: str = ""
    run_id: str | None = None
    model_id: str | None = None
    new_model: bool = False
    candidate_digest: str | None = None
    _uploaded: set[frozenset[tuple[str, str]]] = field(default_factory=set)
    _held_out: tuple[str, str] | None = None
    _grown: set[tuple[str, int]] = field(default_factory=set)

    @property
    def url(self) -> str | None:
        """Where a browser shows the run; None where MLflow is a database without a server, or not reached yet."""
        return self.mlflow.run_url(self.experiment_id, self.run_id) if self.run_id else None

    @property
    def place(self) -> tuple[str, str] | None:
        """Ids of the experiment and of the run; None before it was begun."""
        return (self.experiment_id, self.run_id) if self.run_id else None

    def start(self) -> None:
        """Open the run, with its parameters and the way back to Prefect."""
        self.mlflow.prepare()
        self.experiment_id = self.mlflow.experiment(self.model)
        tags = {**self.origin.tags(), "model": self.model}
        self.run_id = self.mlflow.start_run(self.experiment_id, self.origin.flow_run_name, tags)
        self.mlflow.log(self.run_id, params=flat_params(self.config.model_dump(mode="json")))

    def grow(self, points: Sequence[Point]) -> None:
        """Write the points of curves that grow while their stage runs; one that is there already is left out."""
        fresh = self._fresh(points)
        self.mlflow.log(self._open_run(), points=fresh)
        self._grown |= {(point.name, point.step) for point in fresh}

    def stage(self, stage: str, result: Any, seconds: float) -> None:
        """Write what a stage came to: its figures, digest and report folder; `seconds` is its time so far."""
        run_id = self._open_run()
        points = [Point(metric_name("seconds", stage), seconds)]
        tags: dict[str, str] = {}
        params: dict[str, str] = {}
        if isinstance(result, DatasetRef):
            points += self._dataset(run_id, stage, result)
        elif isinstance(result, Advice):
            points += advice_points(result)
            tags |= {"rows": result.state}
        elif isinstance(result, TrainingPlan):
            points += plan_points(result)
        elif isinstance(result, Pilot):
            points += pilot_points(result)
            tags |= {"pilot": result.state}
        elif isinstance(result, Answers):
            points.append(Point("rows/answers", result.count))
        elif isinstance(result, ModelRef):
            points += self._model(run_id, stage, result)
        elif isinstance(result, Report):
            about = self.model_id if result.model_digest == self.candidate_digest else None
            self.mlflow.log(run_id, points=report_points(result, stage), model_id=about, dataset=self._held_out)
        elif isinstance(result, SideBySide):
            points += report_points(result, stage)
        elif isinstance(result, Verdict):
            points += gate_points(result)
            tags |= verdict_tags(result)
            params |= verdict_digests(result)
        elif isinstance(result, Release):
            tags |= {"release": str(result.number)}
        elif stage == "ask_for_labels" and isinstance(result, int):
            points.append(Point("rows/asked", result))
        if isinstance(result, Artefact) and stage != "champion_model":
            params |= {f"digest.{stage}": result.digest}
            self._upload_report(run_id, result, stage)
        self.mlflow.log(run_id, points=points, params=params, tags=tags)

    def finish(self, outcome: Outcome, card: str | None, seconds: float) -> None:
        """Write the outcome and the model card, where there is a model, and end the run as FINISHED."""
        if self.run_id is None:
            return
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            if card is not None:
                (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")
            if card is not None and self.model_id and self.new_model:
                log_model_file(self.mlflow, self.model_id, folder / "MODEL_CARD.md")
            (folder / "outcome.json").write_text(outcome.model_dump_json(indent=1), encoding="utf-8")
            self.mlflow.log_folder(self.run_id, folder, None)
        tags = {
            "outcome": "unchanged" if outcome.unchanged else outcome.state,
            "reused": ", ".join(outcome.reused) or "nothing",
            "mlflow.note.content": note(outcome, self.origin.flow_run_name, self.origin.flow_run_url),
        }
        self.mlflow.log(self.run_id, points=[Point("seconds/all_stages", seconds)], tags=tags)
        self.mlflow.end_run(self.run_id, "FINISHED")

    def end(self, status: str, error: BaseException | None, stage: str) -> None:
        """End a run that came to no outcome; `stage` is where rejected data was rejected."""
        if self.run_id is None:
            return
        if isinstance(error, DataRejected) and error.report_uri:
            digest = error.report_uri.rstrip("/").rsplit("/", 1)[-1]
            self._upload_report(self.run_id, Artefact(uri=error.report_uri, digest=digest), stage)
        if error is not None:
            message = (str(error) or type(error).__name__)[:MESSAGE_CHARACTERS]
            tags = {"outcome": status.lower(), "error": message, "mlflow.note.content": f"**{status}**: {message}"}
            self.mlflow.log(self.run_id, tags=tags)
        self.mlflow.end_run(self.run_id, status)

    def _dataset(self, run_id: str, stage: str, dataset: DatasetRef) -> list[Point]:
        if stage == "acquire":
            self.mlflow.log_datasets(run_id, [acquired_input(self.model, dataset)])
        elif stage in ("curate", "synthesize") and self._held_out != _holdout_of(self.model, dataset):
            self.mlflow.log_datasets(run_id, split_inputs(self.model, dataset))
            self._held_out = _holdout_of(self.model, dataset)
            return row_points(dataset)
        return []

    def _model(self, run_id: str, stage: str, model: ModelRef) -> list[Point]:
        if stage != "export":
            return []
        self.candidate_digest = model.digest
        self.model_id, self.new_model = log_once(self.mlflow, self.model, model, run_id)
        self.mlflow.log(run_id, points=self._fresh(history_points(fetch(model))))
        return [Point(metric_name("model", name), value) for name, value in model.metrics.items()]

    def _fresh(self, points: Sequence[Point]) -> list[Point]:
        by_place = {(point.name, point.step): point for point in points}
        return [point for place, point in by_place.items() if place not in self._grown]

    def _upload_report(self, run_id: str, artefact: Artefact, path: str) -> None:
        """Upload an artefact's `report/`, unless the run has these very files already."""
        folder = fetch(artefact) / "report"
        if not folder.is_dir():
            return
        files = frozenset(
            (file.relative_to(folder).as_posix(), file_sha256(file)) for file in folder.rglob("*") if file.is_file()
        )
        if files not in self._uploaded:
            self._uploaded.add(files)
            self.mlflow.log_folder(run_id, folder, path)

    def _open_run(self) -> str:
        if self.run_id is None:
            raise RuntimeError("the MLflow run was not started")
        return self.run_id
