"""`make ui`: everything that runs by itself on a server, on this machine: Prefect, MLflow, a worker for each pool.

    python -m deployments.local [--prefect-port 4200] [--mlflow-port 5000]

It registers every `deployments/*.yaml`, says how to start a run, and stops all of it on Ctrl-C.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
from rich.console import Console
from rich.text import Text

from deployments.apply import POOLS, apply
from deployments.local_runs import cancel_runs, close_lost_runs
from flows.command.console import open_console
from flows.command.ending import Ending
from flows.command.quiet import QUIET_ENVIRONMENT
from flows.command.session import new_log, prefect_settings
from infra.prefect_server import is_healthy, local_environment, register_server
from infra.processes import port_is_free, start_child, stop_children
from infra.settings import ROOT, Settings, settings
from tasks.errors import RefitError, UserInputError

HOST = "127.0.0.1"
START_TIMEOUT_SECONDS = 240.0
STOP_GRACE_SECONDS = 5.0
EXAMPLE = "retrain/support-intents"


class ServiceEnded(RefitError, ChildProcessError):
    """One of the local services ended by itself or did not start."""


@dataclass(frozen=True)
class Service:
    """A running child, with what a message needs to name it."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raise ServiceEnded unless the child runs."""
        code = self.process.poll()
        if code is not None:
            raise ServiceEnded(f"{self.name} ended with code {code}; its log is {self.log}")


class LocalServices:
    """The children of `make ui`; leaving the block stops them, the first one, which the others talk to, last."""

    def __init__(self, environment: Mapping[str, str], logs: Path) -> None:
        self.environment, self.logs = environment, logs
        self.services: list[Service] = []

    def __enter__(self) -> LocalServices:
        return self

    def __exit__(self, *_: object) -> None:
        children = [service.process for service in self.services]
        stop_children(children[1:], grace_seconds=STOP_GRACE_SECONDS)
        stop_children(children[:1], grace_seconds=STOP_GRACE_SECONDS)

    def start(self, name: str, module: str, *arguments: str) -> Service:
        """Start `python -m MODULE ARGUMENTS…`, with its output in the log `NAME.log`."""
        log = self.logs / f"{name.lower().replace(' ', '-')}.log"
        command = [sys.executable, "-m", module, *arguments]
        service = Service(name, start_child(command, environment=self.environment, folder=ROOT, log=log), log)
        self.services.append(service)
        return service

    def watch(self) -> None:
        """Raise ServiceEnded if one of them has ended."""
        for service in self.services:
            service.check()

    def wait_for(self, name: str, url: str) -> None:
        """Return once `url` answers. Raises ServiceEnded after START_TIMEOUT_SECONDS, or if a service ended."""
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not _answers(url):
            self.watch()
            if time.monotonic() > deadline:
                raise ServiceEnded(f"{name} did not answer at {url} in {START_TIMEOUT_SECONDS:.0f} s")
            time.sleep(0.2)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5.0).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def check_port(name: str, port: int, option: str) -> None:
    """Raise UserInputError where another program listens on the port."""
    if not port_is_free(HOST, port):
        raise UserInputError(f"port {port}, for {name}, is taken by another program; choose another with {option}")


def run_locally(place: Settings, prefect_port: int, mlflow_port: int, console: Console) -> None:
    """Start all services, register the deployments, and wait until interrupted. Raises ServiceEnded."""
    home, api = place.home_path, f"http://{HOST}:{prefect_port}/api"
    environment = {**os.environ, **QUIET_ENVIRONMENT, **_prefect_environment(home, api, prefect_port)}
    with LocalServices(environment, home / "logs") as services:
        console.print(Text("Starting Prefect and MLflow; the first time takes half a minute …", "dim"))
        services.start("Prefect server", "prefect", "server", "start", "--host", HOST, "--port", str(prefect_port))
        mlflow_url = _start_mlflow(services, place, mlflow_port)
        services.wait_for("the Prefect server", f"{api}/health")
        with (
            register_server(home, api),
            prefect_settings({"PREFECT_API_URL": api, "PREFECT_HOME": str(home / "prefect")}),
        ):
            ids = apply((), ROOT, console)
            close_lost_runs(POOLS)
            if mlflow_url.startswith(f"http://{HOST}"):
                services.wait_for("MLflow", f"{mlflow_url}/health")
            # Runs log to the server, so that their artifacts in Prefect can link to a page of it.
            services.environment = {**environment, "REFIT_MLFLOW_URI": mlflow_url}
            for pool in POOLS:
                name = f"{pool}-here"
                services.start(f"Worker {pool}", "prefect", "worker", "start", "--pool", pool, "--name", name)
            _explain(console, api, mlflow_url, ids)
            try:
                while True:
                    services.watch()
                    time.sleep(1.0)
            except KeyboardInterrupt:
                cancel_runs(POOLS)
                raise


def _prefect_environment(home: Path, api: str, port: int) -> dict[str, str]:
    return {
        **local_environment(home),
        "PREFECT_API_URL": api,
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_UI_API_URL": api,
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }


def _start_mlflow(services: LocalServices, place: Settings, port: int) -> str:
    """Start MLflow's server over the runs of this home; where the runs go to a server already, only return its URL."""
    if place.tracking_uri.startswith("http"):
        return place.tracking_uri
    place.mlflow_artifacts.mkdir(parents=True, exist_ok=True)
    stores = ["--backend-store-uri", place.tracking_uri, "--default-artifact-root", place.mlflow_artifacts.as_uri()]
    listen = ["--host", HOST, "--port", str(port), "--workers", "1"]
    # Runs write their files straight into the artefact folder, and the server only shows them.
    services.start("MLflow", "mlflow", "server", *stores, "--no-serve-artifacts", *listen)
    return f"http://{HOST}:{port}"


def _explain(console: Console, api: str, mlflow_url: str, ids: Mapping[str, UUID]) -> None:
    interface = api.removesuffix("/api")
    retrains = [name for name in sorted(ids) if name.startswith("retrain/")]
    deployment = EXAMPLE if EXAMPLE in ids else retrains[0]
    model = deployment.split("/")[1]
    lines = [
        "",
        f"Prefect  {interface}",
        f"MLflow   {mlflow_url}",
        "",
        "A run starts",
        "  by its schedule, while this runs",
        f"  by hand:    {interface}/deployments, then {deployment}, Run",
        f"  from here:  make retrain CONFIG=deployments/{model}.yaml",
        f"  over HTTP:  curl -X POST {api}/deployments/{ids[deployment]}/create_flow_run \\",
        "                   -H 'Content-Type: application/json' -d '{}'",
        "",
        "Ctrl-C stops everything.",
    ]
    for line in lines:
        console.print(Text(line), soft_wrap=True)


@contextlib.contextmanager
def _stopping_quietly(console: Console) -> Iterator[None]:
    """Ctrl-C and SIGTERM are how this command ends, so they end it well."""

    def stop(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        console.print(Text("Stopping …", "dim"))
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with contextlib.suppress(KeyboardInterrupt):
        yield


def main(arguments: list[str]) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m deployments.local", description="Run Refit's services here.")
    for name, default in (("prefect", 4200), ("mlflow", 5000)):
        preset = os.environ.get(f"REFIT_{name.upper()}_PORT", str(default))
        parser.add_argument(f"--{name}-port", type=int, default=preset, metavar="PORT", help=f"default {preset}")
    options = parser.parse_args(arguments)
    console = open_console(sys.stdout)
    with Ending() as ending, _stopping_quietly(console):
        place = settings()
        ending.log = new_log(place.home_path, "ui")
        if is_healthy(f"http://{HOST}:{options.prefect_port}/api"):
            raise UserInputError(
                f"a Prefect server runs on port {options.prefect_port} already: `make ui` may be running in another "
                "terminal; stop it, or choose another port with --prefect-port"
            )
        check_port("Prefect", options.prefect_port, "--prefect-port")
        check_port("MLflow", options.mlflow_port, "--mlflow-port")
        run_locally(place, options.prefect_port, options.mlflow_port, console)
    return ending.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
