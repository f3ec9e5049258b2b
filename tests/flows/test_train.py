"""Where a candidate is trained: here, or on the work pool that has a deployment for it."""

from __future__ import annotations

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
from prefect.states import Failed
from prefect.types.entrypoint import EntrypointType

from flows.train import GPU_DEPLOYMENT, train_candidate, train_in_place
from tasks.errors import TrainingFailed, UserInputError
from tasks.records import DatasetRef, ModelRef
from tasks.store import fetch_whole
from tasks.train.config import TrainingConfig
from tests.tasks.models.tiny_model import make_base_model, make_dataset

pytestmark = pytest.mark.usefixtures("prefect_server")


@flow(name="outer")
def outer(dataset: DatasetRef, training: TrainingConfig) -> ModelRef:
    """Stands for `retrain`, which calls the training from within a flow."""
    return train_candidate(dataset, training)


@pytest.fixture
def deployment() -> Iterator[None]:
    """The deployment on the pool `gpu`, which no worker has ever served."""
    name = GPU_DEPLOYMENT.split("/")[1]
    with get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name="gpu", type="process"))
        deployed = RunnerDeployment.from_flow(
            train_in_place, name, work_pool_name="gpu", entrypoint_type=EntrypointType.MODULE_PATH
        )
        identity: Any = deployed.apply()
        yield
        client._client.delete(f"/deployments/{identity}").raise_for_status()
        client._client.delete("/work_pools/gpu").raise_for_status()


@pytest.fixture
def pool(deployment: None) -> None:
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
    tmp_path: Path, deployment: None, monkeypatch: pytest.MonkeyPatch
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
    monkeypatch.setattr("flows.train.sleep", lambda _: set_state(runs_on_the_pool()[0].id, Failed(message=message)))
    with pytest.raises(expected, match=f"train-candidate/gpu ended Failed: {message}"):
        outer(make_dataset(), TrainingConfig())


def test_ctrl_c_while_waiting_cancels_the_run_on_the_pool(pool: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("flows.train.sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        outer(make_dataset(), TrainingConfig())
    assert runs_on_the_pool()[0].state.name in {"Cancelling", "Cancelled"}
