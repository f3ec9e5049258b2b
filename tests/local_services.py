"""`make ui` for the tests that need it: all services on free ports and a home of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from infra.processes import free_port

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 300.0
FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@dataclass(frozen=True)
class Services:
    """The running command, and where its services listen."""

    process: subprocess.Popen[str]
    home: Path
    prefect_url: str
    mlflow_url: str

    def call(self, method: str, path: str, **content: Any) -> Any:
        """Send a request to Prefect's API and return the JSON of the answer."""
        answer = httpx.request(method, f"{self.prefect_url}/api{path}", json=content or None, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def wait_for_end(self, run: str, seconds: float) -> dict[str, Any]:
        """The flow run once it has ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found: dict[str, Any] = self.call("GET", f"/flow_runs/{run}")
            if found["state_type"] in FINAL:
                return found
            time.sleep(0.5)
        raise TimeoutError(f"the flow run was still {found['state_name']} after {seconds:.0f} s")

    def logs(self) -> str:
        """The ends of all logs of the services, for the message of a failed test."""
        found = sorted((self.home / "logs").glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text(encoding='utf-8')[-3000:]}" for log in found)


@contextmanager
def local_services(home: Path) -> Iterator[Services]:
    """Start the command, yield when it says that all is up, and stop it with Ctrl-C."""
    prefect_port, mlflow_port = free_port(), free_port()
    ports = ["--prefect-port", str(prefect_port), "--mlflow-port", str(mlflow_port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "REFIT_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "deployments.local", *ports],
        cwd=ROOT,
        env={**environment, "REFIT_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    services = Services(process, home, f"http://127.0.0.1:{prefect_port}", f"http://127.0.0.1:{mlflow_port}")
    watchdog = threading.Timer(START_SECONDS, process.kill)
    watchdog.start()
    try:
        said = _read_until(process, "Ctrl-C stops everything.")
        watchdog.cancel()
        if process.poll() is not None:
            raise RuntimeError(f"the services did not start:\n{said}\n{services.logs()}")
        yield services
    finally:
        watchdog.cancel()
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=120)


def _read_until(process: subprocess.Popen[str], words: str) -> str:
    said = ""
    for line in process.stdout or ():
        said += line
        if words in line:
            return said
    process.wait()
    return said


def processes_of(home: Path) -> set[int]:
    """Ids of the processes whose environment names the home's Prefect folder."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"PREFECT_HOME={home / 'prefect'}\0".encode() in path.read_bytes() + b"\0":
                found.add(int(path.parent.name))
        except OSError:
            continue
    return found
