"""`python -m deployments.server` as a person runs it: starts, answers, stops on a signal with the log written."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from deployments.server.__main__ import _listen, main
from tasks.traffic.window import TrafficWindow
from tests.deployments.server.small_models import MODEL, PRESENT, release
from tests.deployments.server.test_app import predict, wait_for_release

ROOT = Path(__file__).resolve().parent.parent.parent.parent


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_stops_cleanly_with_every_answer_logged(stop: signal.Signals, refit_home: Path) -> None:
    release(PRESENT)
    server = subprocess.Popen(
        [sys.executable, "-m", "deployments.server", MODEL, "--port", "0", "--poll-seconds", "0.1"],
        cwd=ROOT,
        env={**os.environ, "REFIT_HOME": str(refit_home)},
        stderr=subprocess.PIPE,
        text=True,
    )
    with server:
        try:
            assert server.stderr is not None
            found = re.search(r"served at (http://127\.0\.0\.1:\d+)", server.stderr.readline())
            assert found
            with httpx.Client(base_url=found[1], timeout=20) as client:
                wait_for_release(client, 1)
                predict(client, "parcel")
            server.send_signal(stop)
            _, errors = server.communicate(timeout=20)
        finally:
            server.kill()
    assert "Traceback" not in errors
    now = datetime.now(UTC)
    assert [one.label for one in TrafficWindow(MODEL, now - timedelta(hours=1), now)] == ["delivery"]


def test_the_socket_names_tcp_so_that_answers_are_not_held_back() -> None:
    with _listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_a_port_that_is_taken_is_wrong_input(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main([MODEL, "--port", str(port)]) == 3
    assert f"port {port}" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["../secrets", "A", "", "a/b"])
def test_a_name_that_is_none_is_wrong_input(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--port", "0"]) == 3
    assert "no name of a model" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--raw-texts"], "give --keep-texts with it"),
        (["--keep-days", "0"], "--keep-days is 0: 1 or more days are allowed"),
        (["--feedback-token-secret", "NO_SUCH_TOKEN"], "names the secret 'NO_SUCH_TOKEN', which is not set"),
    ],
    ids=str,
)
def test_options_that_cannot_be_meant_are_wrong_input(
    options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([MODEL, "--port", "0", *options]) == 3
    assert words in capsys.readouterr().err
