"""Runs on the pools of this machine when its services stop, or when they stopped without a word the last time."""

from __future__ import annotations

import time
from collections.abc import Collection

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Cancelling, Crashed

CANCEL_TIMEOUT_SECONDS = 30.0
_AT_WORK = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]


def close_lost_runs(pools: Collection[str]) -> int:
    """Mark runs that no process works on any more as crashed; call it while no worker runs. Returns their number.

    A lost run would else hold its model's only slot, and every later run would wait for it.
    """
    with get_client(sync_client=True) as client:
        lost = _runs_at_work(client, pools)
        for run in lost:
            state: State[None] = Crashed(message="The services on this machine stopped while it ran.")
            client.set_flow_run_state(run.id, state, force=True)
    return len(lost)


def cancel_runs(pools: Collection[str]) -> int:
    """Cancel the runs at work and wait for their workers to end them. Returns how many there were."""
    with get_client(sync_client=True) as client:
        runs = _runs_at_work(client, pools)
        for run in runs:
            client.set_flow_run_state(run.id, Cancelling(message="The services on this machine stop."), force=True)
        deadline = time.monotonic() + CANCEL_TIMEOUT_SECONDS
        while _runs_at_work(client, pools) and time.monotonic() < deadline:
            time.sleep(0.25)
    return len(runs)


def _runs_at_work(client: SyncPrefectClient, pools: Collection[str]) -> list[FlowRun]:
    return client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_AT_WORK))),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=list(pools))),
    )
