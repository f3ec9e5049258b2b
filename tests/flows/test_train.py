"""Where a candidate is trained: here, or on the work pool that has a deployment for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import State
from prefect.deployments.runner import RunnerDeployment
from prefect.settings import PREFECT_API_URL
from prefect.states import Failed
from prefect.types.entrypoint import EntrypointType

from flows.pool import GPU
from flows.train import HERE, ON_POOL, POOL, training_place
from infra.settings import ROOT
from tasks.errors import TrainingFailed, UserInputError
from tasks.records import DatasetRef, ModelRef, Pilot, TrainingPlan
from tasks.registry.active_run import followed_by
from tasks.store import fetch_whole
from tasks.train.config import TrainingConfig
from tasks.train.pilot.config import PilotConfig
from tasks.train.search.config import SearchConfig
from tasks.train.search.record import SearchResult
from tests.tasks.models.tiny_model import make_base_model, make_dataset
from tests.tasks.train.estimate.test_judgement import ENOUGH

pytestmark = pytest.mark.usefixtures("prefect_server")


@flow(name="outer")
def outer(dataset: DatasetRef, training: TrainingConfig) -> ModelRef:
    """Stands for `retrain`, which calls the training from within a flow."""
    return training_place().train(dataset, training)


@pytest.fixture
def deployments() -> Iterator[None]:
    """The deployments on the pool `gpu`, which no worker has ever served."""
    with get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name=GPU, type="process"))
        identities: list[Any] = [
            RunnerDeployment.from_flow(
                deployed,
                GPU,
                work_pool_name=GPU,
                job_variables={"working_dir": str(ROOT)},
                entrypoint_type=EntrypointType.MODULE_PATH,
            ).apply()
            for deployed in ON_POOL
        ]
        yield
        for identity in identities:
            client._client.delete(f"/deployments/{identity}").raise_for_status()
        client._client.delete(f"/work_pools/{GPU}").raise_for_status()


@pytest.fixture
def pool(deployments: None) -> None:
    """The same pool with a worker that is alive, but takes no run."""
    with get_client(sync_client=True) as client:
        client._client.post(
            "/work_pools/gpu/workers/heartbeat", json={"name": "idle", "heartbeat_interval_seconds": 30}
        ).raise_for_status()


def runs_on_the_pool() -> list[Any]:
    """Flow runs that were sent to the deployment, newest first."""
    with get_client(sync_client=True) as client:
        runs = [run for run in client.read_flow_runs() if run.deployment_id is not None]
    return sorted(runs, key=lambda run: run.created, reverse=True)


def set_state(run: UUID, state: State) -> None:
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run, state, force=True)


def test_without_a_pool_the_candidate_is_trained_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    base = make_base_model(tmp_path / "base")
    training = TrainingConfig(base_model=str(base), epochs=1, max_tokens=16)
    dataset = make_dataset()
    candidate = outer(dataset, training)
    assert candidate.dataset_digest == dataset.digest
    assert (fetch_whole(candidate) / "model.safetensors").is_file()
    assert not runs_on_the_pool()


def test_a_pool_that_no_worker_serves_is_not_waited_for(
    tmp_path: Path, deployments: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    before = len(runs_on_the_pool())
    training = TrainingConfig(base_model=str(make_base_model(tmp_path / "base")), epochs=1, max_tokens=16)
    assert (fetch_whole(outer(make_dataset(), training)) / "model.safetensors").is_file()
    assert len(runs_on_the_pool()) == before


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Flow run encountered an exception: UserInputError: no such base model", UserInputError),
        ("Flow run process exited with non-zero status code -9.", TrainingFailed),
    ],
)
def test_a_failure_on_the_pool_comes_back_with_its_reason(
    message: str, expected: type[Exception], pool: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.pool.sleep", lambda _: set_state(runs_on_the_pool()[0].id, Failed(message=message)))
    with pytest.raises(expected, match=f"train/gpu ended Failed: {message}"):
        outer(make_dataset(), TrainingConfig())


def test_ctrl_c_while_waiting_cancels_the_run_on_the_pool(pool: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("flows.pool.sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        outer(make_dataset(), TrainingConfig())
    assert runs_on_the_pool()[0].state.name in {"Cancelling", "Cancelled"}


@flow(name="everything")
def everything(
    dataset: DatasetRef, training: TrainingConfig
) -> tuple[TrainingPlan, Pilot | None, SearchResult | None, ModelRef]:
    """All that is done for a training, where `retrain` would do it."""
    place = training_place()
    assert place is POOL
    advice = ENOUGH.model_copy(update={"dataset_digest": dataset.digest})
    with followed_by(lambda: None):
        return (
            place.plan(dataset, advice, training),
            place.pilot(dataset, training, PilotConfig(when="always", rows=12, judged_rows=20, epochs=1)),
            place.search(dataset, training, SearchConfig(trials=1)),
            place.train(dataset, training),
        )


@pytest.fixture
def worker(deployments: None) -> Iterator[None]:
    """A real worker of the pool."""
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", GPU, "--type", "process"]
    address = {"PREFECT_API_URL": str(PREFECT_API_URL.value()), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, env=os.environ | address, cwd=ROOT, start_new_session=True) as process:
        try:
            deadline = time.monotonic() + 60
            with get_client(sync_client=True) as client:
                while not client.read_workers_for_work_pool(GPU):
                    assert time.monotonic() < deadline
                    time.sleep(0.5)
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)


@pytest.mark.slow
def test_plan_pilot_search_and_training_are_done_by_the_worker_of_the_pool(
    tmp_path: Path, worker: None, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = make_dataset(validation=20)
    training = TrainingConfig(base_model=str(make_base_model(tmp_path / "base")), epochs=1, max_tokens=16)
    with caplog.at_level("WARNING"):
        plan, piloted, found, candidate = everything(dataset, training)
    assert plan.warnings
    assert all(any(warning in message for message in caplog.messages) for warning in plan.warnings)
    assert plan.figures["steps"] >= 1
    assert piloted is not None
    assert piloted.rows <= 12
    assert found is not None
    assert len(found.trials) == 1
    assert (fetch_whole(candidate) / "model.safetensors").is_file()
    names = {run.state.name for run in runs_on_the_pool()[:4]}
    assert names == {"Completed"}


def test_what_the_config_does_not_ask_for_is_not_sent(pool: None) -> None:
    @flow
    def nothing_asked() -> tuple[Pilot | None, SearchResult | None]:
        dataset, training = make_dataset(), TrainingConfig()
        return POOL.pilot(dataset, training, PilotConfig()), POOL.search(dataset, training, SearchConfig(trials=0))

    before = len(runs_on_the_pool())
    assert nothing_asked() == (None, None)
    assert len(runs_on_the_pool()) == before


def test_without_deployments_the_work_is_done_here() -> None:
    assert training_place() is HERE
