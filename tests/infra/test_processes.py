"""A child outlives neither a request to stop nor its parent."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from infra.processes import free_port, port_is_free, start_child, stop_children

ROOT = Path(__file__).resolve().parent.parent.parent
STUBBORN = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"


def wait_for(path: Path, words: str) -> None:
    deadline = time.monotonic() + 30
    while words not in (path.read_text(encoding="utf-8") if path.exists() else ""):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_child_has_a_session_of_its_own_and_its_output_in_a_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "child.log"
    script = "import os; print(os.getsid(0) == os.getpid(), os.getcwd())"
    child = start_child([sys.executable, "-c", script], environment=os.environ, folder=tmp_path, log=log)
    assert child.wait(30) == 0
    assert log.read_text(encoding="utf-8").split() == ["True", str(tmp_path)]


def test_a_child_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    child = start_child([sys.executable, "-c", STUBBORN], environment=os.environ, folder=tmp_path, log=log)
    wait_for(log, "up")
    stop_children([child], grace_seconds=0.1)
    assert child.poll() is not None


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    script = (
        "import os, sys, time\nfrom pathlib import Path\nfrom infra.processes import start_child\n"
        "child = start_child([sys.executable, '-c', 'import time; print(1, flush=True); time.sleep(600)'],"
        f" environment=os.environ, folder=Path('.'), log=Path({str(log)!r}))\n"
        "print(child.pid, flush=True)\ntime.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    wait_for(log, "1")
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 30
    while is_running(child):
        assert time.monotonic() < deadline, "the child outlived its parent"
        time.sleep(0.02)


def is_running(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False


def test_a_port_with_a_listener_is_not_free() -> None:
    port = free_port()
    assert port_is_free("127.0.0.1", port)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", port))
        listener.listen()
        assert not port_is_free("127.0.0.1", port)
