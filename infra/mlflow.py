"""A thin client for MLflow: runs, metrics in batches, datasets, artefacts, logged models, and the model registry.

It speaks in primitives, and can be used from any thread. Where the tracking URI is a
database, artefacts lie in a local folder; where it is a server, the server says where they lie.
"""

from __future__ import annotations

import json
import logging
import os
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

QUIET = {
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
}
"""Set before MLflow is imported, unless the user has set them."""
TRAINING = {"mlflow.experimentKind": "custom_model_development"}
"""Has MLflow's pages show an experiment as model training."""
METRICS_PER_CALL = 1000
PARAMS_PER_CALL = 100
PARAM_CHARACTERS = 6000
TAG_CHARACTERS = 8000
DATASET_DIGEST_CHARACTERS = 32
"""MLflow keeps at most 36."""


class MlflowFailed(OSError):
    """MLflow, its database or its artefact store cannot be reached, or refused what was asked."""


@dataclass(frozen=True)
class Point:
    """One value of a metric at one step."""

    name: str
    value: float
    step: int = 0


@dataclass(frozen=True)
class DatasetInput:
    """A dataset that a run used. MLflow keeps the beginning of `digest`; the profile holds it whole."""

    name: str
    digest: str
    uri: str
    context: str
    columns: Mapping[str, str]
    """Name and type (`string`, `long`, `double`) of each column."""
    profile: Mapping[str, Any] = field(default_factory=dict)


def load_mlflow() -> Any:
    """Import MLflow (1 to 2 seconds) without its telemetry, its banners and its migrations' log; return the module."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return mlflow


@dataclass(frozen=True)
class Mlflow:
    """A tracking server or database, and the folder for artefacts where it is a database."""

    uri: str
    artifacts: Path

    @cached_property
    def client(self) -> Any:
        """MLflow's own client. The first one on an empty database creates its tables (about 2 seconds)."""
        load_mlflow()
        from mlflow import MlflowClient

        with self.explained():
            if self.uri.startswith("sqlite:///"):
                # MLflow tries ten times over 100 seconds where a database cannot be opened.
                with Path(self.uri.removeprefix("sqlite:///")).open("ab"):
                    pass
            return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    def prepare(self) -> None:
        """Import MLflow and bring the database up to date, so that later calls are quick."""
        if self.uri.startswith("sqlite:///"):
            with self.explained():
                Path(self.uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        with self.explained():
            self.client.search_experiments(max_results=1)

    def experiment(self, name: str) -> str:
        """The id of the experiment called `name`, which is made where there is none."""
        with self.explained():
            found = self.client.get_experiment_by_name(name)
            if found is None:
                location = None if self.uri.startswith("http") else (self.artifacts / name).as_uri()
                return str(self.client.create_experiment(name, artifact_location=location, tags=TRAINING))
            if found.lifecycle_stage == "deleted":
                self.client.restore_experiment(found.experiment_id)
            return str(found.experiment_id)

    def start_run(self, experiment_id: str, name: str, tags: Mapping[str, str]) -> str:
        """Begin a run and return its id."""
        with self.explained():
            return str(self.client.create_run(experiment_id, tags=_short(tags), run_name=name).info.run_id)

    def end_run(self, run_id: str, status: str) -> None:
        """End a run as FINISHED, FAILED or KILLED."""
        with self.explained():
            self.client.set_terminated(run_id, status)

    def log(
        self,
        run_id: str,
        *,
        points: Sequence[Point] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        model_id: str | None = None,
        dataset: tuple[str, str] | None = None,
    ) -> None:
        """Log metrics, parameters and tags, in as few calls as MLflow's limits allow.

        `model_id` and `dataset` (name and digest) say which logged model the metrics are of, and on which rows.
        """
        from mlflow.entities import Metric, Param, RunTag

        now = int(time.time() * 1000)
        name, digest = dataset or (None, None)
        of = {
            "model_id": model_id,
            "dataset_name": name,
            "dataset_digest": digest and digest[:DATASET_DIGEST_CHARACTERS],
        }
        metrics = [Metric(point.name, float(point.value), now, point.step, **of) for point in points]
        values = [Param(name, value[:PARAM_CHARACTERS]) for name, value in (params or {}).items()]
        labels = [RunTag(name, value) for name, value in _short(tags or {}).items()]
        sizes = (METRICS_PER_CALL - 2 * PARAMS_PER_CALL, PARAMS_PER_CALL, PARAMS_PER_CALL)
        calls = max(-(-len(things) // size) for things, size in zip((metrics, values, labels), sizes, strict=True))
        with self.explained():
            for call in range(calls):
                parts = [
                    things[call * size : (call + 1) * size]
                    for things, size in zip((metrics, values, labels), sizes, strict=True)
                ]
                self.client.log_batch(run_id, *parts)

    def log_datasets(self, run_id: str, datasets: Sequence[DatasetInput]) -> None:
        """Record which datasets a run used, and for what."""
        from mlflow.entities import Dataset, InputTag
        from mlflow.entities import DatasetInput as Input

        inputs = [
            Input(
                Dataset(
                    name=data.name,
                    digest=data.digest[:DATASET_DIGEST_CHARACTERS],
                    source_type="s3" if data.uri.startswith("s3:") else "local",
                    source=json.dumps({"uri": data.uri}),
                    schema=json.dumps(
                        {"mlflow_colspec": [{"name": n, "type": t, "required": True} for n, t in data.columns.items()]}
                    ),
                    profile=json.dumps({**data.profile, "digest": data.digest}),
                ),
                [InputTag("mlflow.data.context", data.context)],
            )
            for data in datasets
        ]
        with self.explained():
            self.client.log_inputs(run_id, datasets=inputs)

    def log_folder(self, run_id: str, folder: Path, path: str | None) -> None:
        """Upload what is in `folder` to the run's artefacts, below `path`."""
        with self.explained():
            self.client.log_artifacts(run_id, str(folder), path)

    def log_text(self, run_id: str, text: str, path: str) -> None:
        """Upload a text file to the run's artefacts."""
        with self.explained():
            self.client.log_text(run_id, text, path)

    def run_url(self, experiment_id: str, run_id: str) -> str | None:
        """Where a browser shows the run; None where MLflow is a database without a server."""
        return f"{self.uri.rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}" if self._is_server else None

    @property
    def _is_server(self) -> bool:
        return self.uri.startswith(("http://", "https://"))

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what MLflow, its database or its artefact store raises into MlflowFailed, which names the URI."""
        try:
            yield
        except MlflowFailed:
            raise
        except _failures() as error:
            first = str(error).strip().splitlines() or [type(error).__name__]
            raise MlflowFailed(f"MLflow at {self.uri} cannot be used: {first[0][:300]}") from error


def _failures() -> tuple[type[Exception], ...]:
    """What MLflow and its artefact stores raise; imported only once something has gone wrong."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    return (MlflowException, SQLAlchemyError, Boto3Error, BotoCoreError, ClientError, OSError)


def _short(tags: Mapping[str, str]) -> dict[str, str]:
    return {name: value[:TAG_CHARACTERS] for name, value in tags.items()}
