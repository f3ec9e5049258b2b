"""The house's model server as a client sees it: start one on this machine for a while, and ask it over HTTP."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from infra.processes import start_child, stop_children
from infra.settings import ROOT

MODULE = "deployments.server"
READY_SECONDS = 180.0
GRACE_SECONDS = 10.0
ANSWER_SECONDS = 300.0
TEXTS_A_REQUEST = 32
CHARACTERS_A_REQUEST = 1_000_000
_ADDRESS = re.compile(r"served at (http://127\.0\.0\.1:\d+)")


class ServerFailed(ConnectionError):
    """The model server did not start, or did not answer as it should."""


@contextmanager
def model_server(model: str, home: Path, longest_text: int = 0) -> Iterator[httpx.Client]:
    """A client of a server that serves the newest release of `model` in `home`, ready to answer; gone after the block.

    It listens on the loopback interface alone, at a port of its own, and takes texts of `longest_text` characters.
    Raises ServerFailed where it ends, or refuses the release, or is not ready after READY_SECONDS.
    """
    log = home / "logs" / "model-server.log"
    options = ["--host", "127.0.0.1", "--port", "0", "--poll-seconds", "0.2"]
    command = [sys.executable, "-m", MODULE, model, *options, "--max-characters", str(max(longest_text, 20_000))]
    own = {name: value for name, value in os.environ.items() if not name.startswith("REFIT_")}
    process = start_child(command, environment={**own, "REFIT_HOME": str(home)}, folder=ROOT, log=log)
    try:
        with httpx.Client(base_url=_address(process, log), timeout=ANSWER_SECONDS, trust_env=False) as client:
            _wait_until_ready(client, process, log)
            yield client
    finally:
        stop_children([process], grace_seconds=GRACE_SECONDS)


def predictions(client: httpx.Client, texts: Sequence[str]) -> list[dict[str, Any]]:
    """Of each text the label, its confidence and the next likeliest ones, as the server says them.

    Raises ServerFailed where it refuses a request or does not answer.
    """
    found: list[dict[str, Any]] = []
    for request in _requests(texts):
        try:
            answer = client.post("/predict", json={"texts": request})
        except httpx.HTTPError as error:
            raise ServerFailed(f"the model server did not answer ({type(error).__name__})") from None
        if answer.status_code != httpx.codes.OK:
            raise ServerFailed(f"the model server answered {answer.status_code}: {answer.text[:300]}")
        found += answer.json()["predictions"]
    return found


def _requests(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts in order, in requests that the server takes."""
    request: list[str] = []
    for text in texts:
        characters = sum(map(len, request)) + len(text)
        if request and (len(request) == TEXTS_A_REQUEST or characters > CHARACTERS_A_REQUEST):
            yield request
            request = []
        request.append(text)
    if request:
        yield request


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        found = _ADDRESS.search(_text(log))
        if found:
            return found[1]
        if process.poll() is not None:
            raise ServerFailed(f"the model server ended at its start: {_text(log).strip()[-500:]}")
        time.sleep(0.05)
    raise ServerFailed(f"the model server was not ready after {READY_SECONDS:.0f} s: {_text(log).strip()[-500:]}")


def _wait_until_ready(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    said: dict[str, Any] = {}
    while time.monotonic() < deadline and process.poll() is None:
        try:
            said = client.get("/health").json()
        except (httpx.HTTPError, ValueError):
            said = {}
        if said.get("ready"):
            return
        if said.get("refused") or said.get("problem"):
            break
        time.sleep(0.05)
    refused = [one["reason"] for one in said.get("refused", [])]
    why = (refused or [said.get("problem")])[0] or _text(log).strip()[-500:]
    raise ServerFailed(f"the model server does not serve the model: {why}")


def _text(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
