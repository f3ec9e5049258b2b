"""Compare served traffic with what the model was judged on; put the previous release back where it has moved too far.

python -m flows.watch deployments/support-intents.yaml
"""

from __future__ import annotations

import flows.command.early  # noqa: F401  # Ctrl-C while libraries load ends quietly

# isort: split

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from prefect import flow
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.events import emit_event
from prefect.exceptions import ObjectNotFound

from flows.config import RetrainConfig
from tasks.errors import RefitError, UserInputError
from tasks.records import Release
from tasks.release.log import newest
from tasks.release.task import roll_back
from tasks.stage import run_logger
from tasks.watch.drift import Drift
from tasks.watch.task import watch_traffic

DRIFTED = 2
EVENT = "refit.drift"


@flow(name="watch")
def watch(config: RetrainConfig) -> Drift:
    """Compare live predictions with the reference; on drift, roll a young release back and start a retrain."""
    in_force = newest(config.model)
    if in_force is None:
        raise UserInputError(f"{config.model} has no release to watch: release one with python -m flows.retrain")
    drift = watch_traffic(in_force, config.watch)
    if drift.state != "drifted":
        return drift
    answered = drift.model_copy(
        update={
            "rolled_back": roll_back_if_young(in_force, drift, config.signing.trusted),
            "retrain_run": start_retrain(drift),
        }
    )
    emit_event(
        EVENT,
        resource={"prefect.resource.id": f"refit.model.{config.model}", "prefect.resource.name": config.model},
        payload=answered.model_dump(mode="json"),
    )
    return answered


def roll_back_if_young(in_force: Release, drift: Drift, trusted: tuple[str, ...]) -> bool:
    """Put the previous release back if the drifted one is new; says so, and why not where it is not done.

    A release that a rollback put back is left: that its traffic drifts as well shows that the traffic has changed.
    """
    log = run_logger()
    if in_force.kind == "rollback" or not drift.young:
        why = "was itself put back by a rollback" if in_force.kind == "rollback" else "is older than the window"
        log.info(f"release {in_force.number} {why}: it stays until a retrain replaces it")
        return False
    if newest(in_force.model) != in_force:
        log.warning(f"release {in_force.number} is no longer in force: nothing is rolled back")
        return False
    try:
        roll_back(in_force.model, f"release {in_force.number} drifted: {drift.reason}", trusted)
    except RefitError as error:
        log.warning(f"release {in_force.number} stays: {error}")
        return False
    return True


def start_retrain(drift: Drift) -> str | None:
    """Start the deployment `retrain/<model>`, once a day for one release; its flow run's id, or None without one."""
    name = f"retrain/{drift.model}"
    once = f"refit-drift-{drift.model}-{drift.release}-{datetime.now(UTC).date()}"
    try:
        started = run_deployment(name, timeout=0, idempotency_key=once, tags=["drift"], as_subflow=False)
    except ObjectNotFound:
        run_logger().warning(
            f"there is no deployment {name} to retrain with: register it with python -m deployments.apply, "
            "or run python -m flows.retrain on the model's YAML"
        )
        return None
    return str(cast(FlowRun, started).id)


def describe(drift: Drift, config: Path) -> str:
    """The figures of a watch, for a terminal."""
    lines = ["", f"{drift.model}, release {drift.release}: {drift.state}"]
    lines.append(
        f"  requests   {drift.requests:,} in {drift.window_hours:g} hours, against {drift.reference_rows:,} rows"
    )
    if drift.divergence is None or drift.low is None or drift.high is None:
        lines.append(f"  divergence not measured: {drift.reason}")
    else:
        interval = f"95 % interval {drift.low:.4f} to {drift.high:.4f}"
        lines.append(f"  divergence {drift.divergence:.4f} nats, {interval}, limit {drift.limit:g}")
        lines += [f"  {m.label}: {m.reference_share:.1%} on the holdout, {m.live_share:.1%} live" for m in drift.moved]
    if drift.unreadable_lines:
        lines.append(f"  {drift.unreadable_lines:,} lines of the request log could not be read")
    if drift.state == "drifted":
        lines.append(f"  release    {'the previous one was put back' if drift.rolled_back else 'stays in force'}")
        by_hand = f"not started; run python -m flows.retrain {config}"
        lines.append(f"  retrain    {f'started as flow run {drift.retrain_run}' if drift.retrain_run else by_hand}")
    return "\n".join(lines)


def _main(arguments: list[str]) -> int:
    from flows.command.terminal import read_config, run_flow

    config = read_config(arguments, "Compare served traffic with what the model was judged on.")
    drift = run_flow(watch, {"config": config.retrain_config()})
    sys.stdout.write(describe(drift, Path(arguments[0])) + "\n")
    return DRIFTED if drift.state == "drifted" else 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
