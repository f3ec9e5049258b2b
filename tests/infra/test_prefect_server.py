"""A command finds a Prefect server to talk to, or starts a quiet one that ends with it."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from infra import prefect_server
from infra.prefect_server import PrefectServer, ServerUnavailable, is_healthy, register_server, registered_server
from infra.processes import free_port, start_child


class Healthy(BaseHTTPRequestHandler):
    """Answers every GET as a Prefect API answers for its health."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"true")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[str]:
    """URL of something that says that it is healthy."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Healthy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()


def test_our_own_server_keeps_its_state_in_the_home_and_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    pieces: list[int] = []
    server = PrefectServer.find_or_start(tmp_path)
    try:
        server.wait(meanwhile=[lambda: pieces.append(1)])
        assert server.is_ours
        assert is_healthy(server.url)
        assert server.url.startswith("http://127.0.0.1:")
        assert (tmp_path / "prefect" / "prefect.db").is_file()
        assert pieces == [1], "what can be done meanwhile is done meanwhile, once"
    finally:
        server.stop()
    assert server.process is not None
    assert server.process.poll() is not None
    assert not is_healthy(server.url)
    assert "Traceback" not in (tmp_path / "logs" / "prefect-server.log").read_text(encoding="utf-8")


def test_a_server_that_is_set_is_used_and_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str) -> None:
    monkeypatch.setenv("PREFECT_API_URL", f"{api}/")
    server = PrefectServer.find_or_start(tmp_path)
    server.wait()
    server.stop()
    assert server.url == api
    assert not server.is_ours
    assert is_healthy(api)


def test_a_server_that_is_set_and_silent_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{free_port()}/api")
    monkeypatch.setattr(prefect_server, "GIVEN_TIMEOUT_SECONDS", 0.1)
    with pytest.raises(ServerUnavailable, match="PREFECT_API_URL"):
        PrefectServer.find_or_start(tmp_path).wait()


def test_a_server_that_ends_at_its_start_names_its_log(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    command = [sys.executable, "-c", "raise SystemExit(3)"]
    process = start_child(command, environment=os.environ, folder=tmp_path, log=log)
    server = PrefectServer(f"http://127.0.0.1:{free_port()}/api", is_local=True, log=log, process=process)
    with pytest.raises(ServerUnavailable, match=str(log)):
        server.wait()


def test_the_server_of_make_ui_is_found_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    (tmp_path / "prefect").mkdir()
    assert registered_server(tmp_path) is None
    with register_server(tmp_path, api):
        found = PrefectServer.find_or_start(tmp_path)
        assert (found.url, found.is_ours) == (api, False)
    assert registered_server(tmp_path) is None


@pytest.mark.parametrize(
    "content", ["", "[]", '{"prefect_api_url": 4}', json.dumps({"prefect_api_url": "http://127.0.0.1:9/api"})]
)
def test_a_stale_or_damaged_note_of_a_server_counts_as_none(content: str, tmp_path: Path) -> None:
    (tmp_path / "prefect").mkdir()
    (tmp_path / "prefect" / "server.json").write_text(content, encoding="utf-8")
    assert registered_server(tmp_path) is None
