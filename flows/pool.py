"""Work that is sent to a work pool as a flow run of its own, and waited for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from time import sleep
from typing import Any, TypeVar, cast
from uuid import UUID

from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelling
from pydantic import BaseModel

from tasks.errors import TrainingFailed, UserInputError
from tasks.stage import run_logger

GPU = "gpu"
"""Name of the pool, and of the deployments that it takes its work from."""
POLL_SECONDS = 2.0
SILENT_SECONDS = 90.0
"""A worker that has not been heard of for so long is gone; it reports every 30 seconds."""

AnyRecord = TypeVar("AnyRecord", bound=BaseModel)


def is_served(flows: Iterable[Flow[..., Any]]) -> bool:
    """Whether the API has a deployment for each flow, and a worker of the pool was heard of lately.

    What a worker's status says may be out of date, so its last sign of life counts.
    """
    with get_client(sync_client=True) as client:
        try:
            pools = {client.read_deployment_by_name(f"{flow.name}/{GPU}").work_pool_name for flow in flows}
        except ObjectNotFound:
            return False
        workers = [worker for pool in pools if pool for worker in client.read_workers_for_work_pool(pool)]
    heard = [worker.last_heartbeat_time for worker in workers if worker.last_heartbeat_time]
    if heard and (datetime.now(UTC) - max(heard)).total_seconds() < SILENT_SECONDS:
        return True
    run_logger().warning(f"no worker serves the pool {GPU!r}, so the training runs here")
    return False


def sent_to_pool(flow: Flow[..., Any], gives: type[AnyRecord], **inputs: Any) -> AnyRecord:
    """Send the flow's work to its pool and wait for the record that it gives.

    Raises UserInputError or TrainingFailed with the reason where the run on the pool did not complete. Whoever stops
    this process stops that run too.
    """
    deployment = f"{flow.name}/{GPU}"
    parameters = {
        name: value.model_dump(mode="json") if isinstance(value, BaseModel) else value for name, value in inputs.items()
    }
    sent = cast(FlowRun, run_deployment(deployment, parameters=parameters, timeout=0))
    run_logger().info(f"sent to {deployment} as flow run {sent.name}; it begins when a worker of its pool is free")
    state = _wait_for(sent.id)
    if not state.is_completed():
        reason = state.message or "no reason given"
        kind = UserInputError if f"{UserInputError.__name__}: " in reason else TrainingFailed
        raise kind(f"the flow run {sent.name} of {deployment} ended {state.name}: {reason}")
    return gives.model_validate(state.result())


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
