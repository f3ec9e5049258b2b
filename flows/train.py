"""Train one candidate: a flow of its own, so that it can run on a work pool with a GPU while the rest stays here.

The deployment `train-candidate/gpu` takes the work where the Prefect API in use has it and a worker serves its pool;
otherwise it is done in place.
The pool's workers read and write the same store; on machines of their own they also need a shared result storage
(PREFECT_DEFAULT_RESULT_STORAGE_BLOCK), through which the record of the model comes back.
"""

from __future__ import annotations

from datetime import UTC, datetime
from time import sleep
from typing import cast
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelling

from tasks.errors import TrainingFailed, UserInputError
from tasks.records import DatasetRef, ModelRef
from tasks.stage import run_logger, stage
from tasks.train.config import TrainingConfig
from tasks.train.task import in_words, train

GPU_DEPLOYMENT = "train-candidate/gpu"
POLL_SECONDS = 2.0
SILENT_SECONDS = 90.0
"""A worker that has not been heard of for so long is gone; it reports every 30 seconds."""


@flow(name="train-candidate", persist_result=True, result_serializer="json")
def train_in_place(dataset: DatasetRef, training: TrainingConfig) -> ModelRef:
    """Fine-tune the base model on a dataset, on the machine that runs this flow."""
    return train(dataset, training)


def train_candidate(dataset: DatasetRef, training: TrainingConfig) -> ModelRef:
    """Train on the `gpu` work pool where a worker serves it, and here otherwise."""
    train_there = train_on_pool if _pool_is_served() else train_in_place
    return train_there(dataset, training)


@stage(says=in_words, called="train")
def train_on_pool(dataset: DatasetRef, training: TrainingConfig) -> ModelRef:
    """Send the training to the `gpu` work pool and wait for the model.

    Raises UserInputError or TrainingFailed with the reason where the run on the pool did not complete. Whoever stops
    this process stops that run too.
    """
    parameters = {"dataset": dataset.model_dump(mode="json"), "training": training.model_dump(mode="json")}
    sent = cast(FlowRun, run_deployment(GPU_DEPLOYMENT, parameters=parameters, timeout=0))
    run_logger().info(
        f"train: sent to {GPU_DEPLOYMENT} as flow run {sent.name}; it begins when a worker of its pool is free"
    )
    state = _wait_for(sent.id)
    if not state.is_completed():
        reason = state.message or "no reason given"
        kind = UserInputError if f"{UserInputError.__name__}: " in reason else TrainingFailed
        raise kind(f"the flow run {sent.name} of {GPU_DEPLOYMENT} ended {state.name}: {reason}")
    return ModelRef.model_validate(state.result())


def _pool_is_served() -> bool:
    """Whether the API has the deployment, and a worker of its pool was heard of lately; a status may be out of date."""
    with get_client(sync_client=True) as client:
        try:
            pool = client.read_deployment_by_name(GPU_DEPLOYMENT).work_pool_name
        except ObjectNotFound:
            return False
        workers = client.read_workers_for_work_pool(pool) if pool else []
    heard = [worker.last_heartbeat_time for worker in workers if worker.last_heartbeat_time]
    if heard and (datetime.now(UTC) - max(heard)).total_seconds() < SILENT_SECONDS:
        return True
    run_logger().warning(f"no worker serves the pool {pool!r} of {GPU_DEPLOYMENT}, so the training runs here")
    return False


def _wait_for(run: UUID) -> State:
    """The state in which a flow run ended; the run is cancelled if this process is told to stop first."""
    with get_client(sync_client=True) as client:
        ended = False
        try:
            while True:
                state = client.read_flow_run(run).state
                if state is not None and state.is_final():
                    ended = True
                    return state
                sleep(POLL_SECONDS)
        finally:
            if not ended:
                client.set_flow_run_state(run, Cancelling(), force=True)
