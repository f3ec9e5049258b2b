"""Ctrl-C while libraries are loaded: one line, and the exit code of an interrupt."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LOADING = """
import importlib.machinery, os, signal, sys
sys.modules["__main__"].__spec__ = importlib.machinery.ModuleSpec(sys.argv[1], None)
import flows.command.early
os.kill(os.getpid(), signal.SIGINT)
"""


def interrupted(module: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LOADING, module]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_command_says_one_line() -> None:
    ended = interrupted("flows.retrain")
    assert ended.returncode == -signal.SIGINT
    assert ended.stderr == "Stopped before anything began. Nothing was released; run again.\n"


def test_a_worker_that_imports_a_flow_keeps_its_own_ways() -> None:
    assert "Traceback" in interrupted("prefect").stderr
