"""Train one candidate: a flow of its own, so that it can run on a work pool with a GPU while the rest stays here.

The deployment `train-candidate/gpu` takes the work where the Prefect API in use has it; otherwise it is done in place.
The pool's workers read and write the same store; on machines of their own they also need a shared result storage
(PREFECT_DEFAULT_RESULT_STORAGE_BLOCK), through which the record of the model comes back.
"""

from __future__ import annotations

from time import sleep
from typing import cast
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelling

from tasks.errors import TrainingFailed
from tasks.records import DatasetRef, ModelRef
from tasks.stage import run_logger, stage
from tasks.train.config import TrainingConfig
from tasks.train.task import in_words, train

GPU_DEPLOYMENT = "train-candidate/gpu"
POLL_SECONDS = 2.0


@flow(name="train-candidate", persist_result=True, result_serializer="json")
def train_in_place(dataset: DatasetRef, training: TrainingConfig) -> ModelRef:
    """Fine-tune the base model on a dataset, on the machine that runs this flow."""
    return train(dataset, training)


def train_candidate(dataset: DatasetRef, training: TrainingConfig) -> ModelRef:
    """Train on the `gpu` work pool where there is one, and here otherwise."""
    train_there = train_on_pool if _has_gpu_deployment() else train_in_place
    return train_there(dataset, training)


@stage(says=in_words, called="train")
def train_on_pool(dataset: DatasetRef, training: TrainingConfig) -> ModelRef:
    """Send the training to the `gpu` work pool and wait for the model.

    Raises TrainingFailed with the reason where the run on the pool did not complete; ended early, it cancels that run.
    """
    parameters = {"dataset": dataset.model_dump(mode="json"), "training": training.model_dump(mode="json")}
    sent = cast(FlowRun, run_deployment(GPU_DEPLOYMENT, parameters=parameters, timeout=0))
    run_logger().info(
        f"train: sent to {GPU_DEPLOYMENT} as flow run {sent.name}; it begins when a worker of its pool is free"
    )
    state = _wait_for(sent.id)
    if not state.is_completed():
        raise TrainingFailed(
            f"the flow run {sent.name} of {GPU_DEPLOYMENT} ended {state.name}: {state.message or 'no reason given'}"
        )
    return ModelRef.model_validate(state.result())


def _has_gpu_deployment() -> bool:
    with get_client(sync_client=True) as client:
        try:
            client.read_deployment_by_name(GPU_DEPLOYMENT)
        except ObjectNotFound:
            return False
    return True


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
