"""Register every `deployments/*.yaml` with the Prefect API in use: its runs, its schedule, and the pools they run on.

    python -m deployments.apply                       all files of this folder
    python -m deployments.apply my.yaml other.yaml    these files

All files are checked before anything is registered. Doing it again changes nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectAlreadyExists
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType
from rich.console import Console
from rich.text import Text

from flows.command.console import open_console
from flows.command.ending import Ending
from flows.command.session import new_log, prefect_settings
from flows.config import DeploymentConfig, Schedule, load_config
from flows.pool import GPU
from flows.retrain import retrain
from flows.rollback import rollback
from flows.train import ON_POOL
from flows.watch import watch
from infra.prefect_server import registered_server
from infra.settings import ROOT, settings
from tasks.errors import UserInputError

FOLDER = Path(__file__).resolve().parent
POOLS = {"cpu": "Data, gates and releases.", GPU: "Training, on machines with a GPU."}
TAG = "refit"
ONE_AT_A_TIME = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)
"""A second run of the same model waits for the first: both would judge against the same champion."""


def read_configs(paths: Sequence[Path]) -> dict[Path, DeploymentConfig]:
    """Read and check all files. Raises UserInputError for the first wrong one, and for a model that two files name."""
    configs: dict[Path, DeploymentConfig] = {}
    for path in paths:
        config = load_config(path)
        for other, known in configs.items():
            if known.model == config.model:
                raise UserInputError(f"{other} and {path} both say model: {config.model}; a model has one file")
        configs[path] = config
    return configs


def build(configs: dict[Path, DeploymentConfig], working_dir: Path) -> list[RunnerDeployment]:
    """The deployments of all models, and those that serve all of them."""
    built = [
        *(
            _deployment(flow, GPU, working_dir, pool=GPU, describe=f"{flow.description} For a retrain run.")
            for flow in ON_POOL
        ),
        _deployment(rollback, "any", working_dir, describe="Put the previous release of a model back."),
    ]
    for path, config in configs.items():
        parameters = {"config": config.retrain_config().model_dump(mode="json")}
        flows: tuple[tuple[Flow[..., Any], Schedule | None, str], ...] = (
            (retrain, config.schedule, f"Retrain {config.model}, and release it only if it has earned it"),
            (watch, config.watch_schedule, f"Compare what {config.model} is asked with what it was judged on"),
        )
        for flow, schedule, describe in flows:
            say = f"{describe}. Written in {path.name}."
            built.append(
                _deployment(flow, config.model, working_dir, describe=say, schedule=schedule, parameters=parameters)
            )
    return built


def _deployment(
    flow: Flow[..., Any],
    name: str,
    working_dir: Path,
    *,
    describe: str,
    pool: str = "cpu",
    schedule: Schedule | None = None,
    parameters: dict[str, Any] | None = None,
) -> RunnerDeployment:
    return RunnerDeployment.from_flow(
        flow,
        name,
        description=describe,
        tags=[TAG, *([name] if parameters else [])],
        parameters=parameters,
        schedules=[Cron(schedule.cron, timezone=schedule.timezone)] if schedule else [],
        concurrency_limit=ONE_AT_A_TIME if parameters else None,
        work_pool_name=pool,
        job_variables={"working_dir": str(working_dir)},
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


def register(deployments: Sequence[RunnerDeployment]) -> dict[str, UUID]:
    """Make the pools and register the deployments; return their ids by full name, such as `retrain/support-intents`."""
    with get_client(sync_client=True) as client:
        for pool, description in POOLS.items():
            _make_pool(client, pool, description)
        # `apply` is a coroutine only where an event loop runs, which is never so in a command.
        return {deployment.full_name: cast(UUID, deployment.apply()) for deployment in deployments}


def left_over(ids: Mapping[str, UUID]) -> list[str]:
    """Full names of deployments that were registered from here once and are not among `ids`."""
    with get_client(sync_client=True) as client:
        ours = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
        flows = {flow.id: flow.name for flow in client.read_flows()}
        registered = client.read_deployments(deployment_filter=ours)
    names = {f"{flows.get(deployment.flow_id)}/{deployment.name}" for deployment in registered}
    return sorted(names - set(ids))


def _make_pool(client: SyncPrefectClient, name: str, description: str) -> None:
    try:
        client.create_work_pool(WorkPoolCreate(name=name, type="process", description=description))
    except ObjectAlreadyExists:
        return


def apply(files: Sequence[Path], working_dir: Path, console: Console) -> dict[str, UUID]:
    """Check and register `files`, or every YAML of this folder; print a line for each, and return their ids."""
    paths = list(files) or sorted(FOLDER.glob("*.yaml"))
    configs = read_configs(paths)
    deployments = build(configs, working_dir)
    ids = register(deployments)
    for deployment in deployments:
        when = ", ".join(_when(item.schedule) for item in deployment.schedules or ())
        line = f"{deployment.full_name:<34} pool {deployment.work_pool_name}   {when or 'on demand'}"
        console.print(Text.assemble(("✓ ", "green"), line), soft_wrap=True)
    for name in [] if files else left_over(ids):
        words = f"{name} is registered, but its YAML is gone; remove it with: prefect deployment delete {name}"
        console.print(Text.assemble(("! ", "yellow"), words), soft_wrap=True)
    return ids


def _when(schedule: object) -> str:
    return f"cron {schedule.cron} ({schedule.timezone})" if isinstance(schedule, CronSchedule) else str(schedule)


def main(arguments: list[str]) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m deployments.apply", description="Register with Prefect.")
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="YAML files; by default, deployments/*.yaml"
    )
    place = "folder of the repository on the workers' machines"
    parser.add_argument("--working-dir", type=Path, default=ROOT, metavar="FOLDER", help=place)
    options = parser.parse_args(arguments)
    with Ending() as ending:
        home = settings().home_path
        ending.log = new_log(home, "apply")
        url = os.environ.get("PREFECT_API_URL") or registered_server(home)
        if url is None:
            raise UserInputError(
                "no Prefect server is known: run `make ui` in another terminal, or set PREFECT_API_URL"
            )
        with prefect_settings({"PREFECT_API_URL": url}):
            apply(options.files, options.working_dir, open_console(sys.stdout))
    return ending.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
