"""The command as a person or a program meets it: messages, exit codes, the outcome file, Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.command.terminal import retrain_command
from infra.prefect_server import PrefectServer
from tests.flows.small_flow import small
from tests.local_services import processes_of

ROOT = Path(__file__).resolve().parents[3]
CONFIG = "model: tickets\ndata:\n  train: {kind: demo}\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "my.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that the commands of this file share, so that one server and one database serve them all."""
    return tmp_path_factory.mktemp("terminal") / "home"


@pytest.fixture(scope="module")
def server(shared_home: Path) -> Iterator[PrefectServer]:
    running = PrefectServer.find_or_start(shared_home)
    try:
        running.wait()
        yield running
    finally:
        running.stop()


def arguments(config: Path, how: str, outcome: Path) -> list[str]:
    return [str(config), "--set", f"release.why={how}", "--outcome", str(outcome)]


def start(home: Path, *arguments: str, api: str | None) -> subprocess.Popen[str]:
    """Start the small flow as a command that leads a process group of its own."""
    environment = {**os.environ, "REFIT_HOME": str(home), "PREFECT_API_URL": api or ""}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.flows.small_flow", *arguments],
        cwd=ROOT,
        env={name: value for name, value in environment.items() if value},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


class Run:
    """A finished command: its exit code, what it printed, its outcome file."""

    def __init__(self, process: subprocess.Popen[str], outcome: Path) -> None:
        self.out, self.err = process.communicate(timeout=120)
        self.code = process.returncode
        self.outcome: dict[str, Any] = json.loads(outcome.read_text(encoding="utf-8"))


def run(home: Path, server: PrefectServer, config: Path, how: str) -> Run:
    outcome = config.parent / "outcome.json"
    return Run(start(home, *arguments(config, how, outcome), api=server.url), outcome)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (CONFIG + "trainning: {epochs: 2}\n", "trainning: there is no such setting; did you mean training?"),
        (CONFIG + "training: {epochs: -1}\n", "training.epochs"),
        ("model: !!python/object/apply:os.system ['true']\n", "not plain YAML"),
        ("", "mapping of sections"),
        (None, "there is no config"),
    ],
    ids=["a typo", "a wrong value", "a Python tag", "empty", "missing"],
)
def test_a_wrong_config_ends_with_code_3_before_anything_starts(
    content: str | None, words: str, tmp_path: Path, refit_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, outcome = tmp_path / "wrong.yaml", tmp_path / "outcome.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert retrain_command(small, [str(path), "--outcome", str(outcome)]) == 3
    message = capsys.readouterr().err
    assert words in message
    assert "Traceback" not in message
    told = json.loads(outcome.read_text(encoding="utf-8"))
    assert told["state"] == "failed"
    assert told["error"]["kind"] == "UserInputError"
    assert words in told["error"]["message"]
    assert not refit_home.exists()


def test_a_wrong_command_line_ends_with_code_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert retrain_command(small, ["my.yaml", "--sett", "a=b"]) == 3
    assert "--sett" in capsys.readouterr().err


def test_an_outcome_that_cannot_be_written_ends_with_code_3(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert retrain_command(small, [str(config), "--outcome", str(tmp_path / "file" / "outcome.json")]) == 3
    assert "--outcome" in capsys.readouterr().err


def test_a_wrong_command_line_is_told_in_the_outcome_too(config: Path, tmp_path: Path) -> None:
    outcome = tmp_path / "outcome.json"
    assert retrain_command(small, [str(config), "--outcome", str(outcome), "--refesh"]) == 3
    told = json.loads(outcome.read_text(encoding="utf-8"))
    assert told["state"] == "failed"
    assert "--refesh" in told["error"]["message"]


def test_a_stale_outcome_does_not_survive_a_failure(config: Path, tmp_path: Path) -> None:
    outcome = tmp_path / "outcome.json"
    outcome.write_text('{"state": "released"}', encoding="utf-8")
    retrain_command(small, [str(config), "--set", "training.epochs=none", "--outcome", str(outcome)])
    assert json.loads(outcome.read_text(encoding="utf-8"))["state"] == "failed"


def test_a_home_that_cannot_be_written_is_named(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("REFIT_HOME", str(tmp_path / "file" / "home"))
    assert retrain_command(small, [str(config), "--outcome", str(tmp_path / "outcome.json")]) == 1
    assert "REFIT_HOME" in capsys.readouterr().err


def test_a_release_ends_with_code_0_and_says_so(shared_home: Path, server: PrefectServer, config: Path) -> None:
    ended = run(shared_home, server, config, "noise")
    assert ended.code == 0, ended.err
    assert ended.outcome["state"] == "released"
    assert ended.outcome["release"] == 4
    for words in ("✓ acquire", "7 train", "2 malformed", "quality", "0.850 to 0.950", "tickets 4", "run-of-mlflow"):
        assert words in ended.out
    assert "noise" not in ended.out + ended.err
    assert "\x1b" not in ended.out
    logs = "".join(log.read_text(encoding="utf-8") for log in (shared_home / "logs").glob("small-*.log"))
    assert all(f"{kind} noise" in logs for kind in ("printed", "warned", "native"))


def test_a_rejection_ends_with_code_2(shared_home: Path, server: PrefectServer, config: Path) -> None:
    ended = run(shared_home, server, config, "rejected")
    assert ended.code == 2
    assert ended.outcome["state"] == "rejected"
    assert "Rejected: the candidate failed the gate quality. Nothing was released." in ended.out


def test_a_retry_is_one_line(shared_home: Path, server: PrefectServer, config: Path) -> None:
    ended = run(shared_home, server, config, "retry")
    assert ended.code == 0, ended.err
    assert "the store is busy in two lines; trying again (1 of 1)" in ended.out


def test_rejected_data_ends_with_code_3_and_its_own_message(
    shared_home: Path, server: PrefectServer, config: Path
) -> None:
    ended = run(shared_home, server, config, "user")
    assert ended.code == 3
    assert ended.err == "Wrong input in train: label x has 1 row; at least 5 are needed: add rows\n"
    assert ended.outcome["error"] == {
        "kind": "DataRejected",
        "message": "label x has 1 row; at least 5 are needed: add rows",
    }
    assert ended.outcome["stage"] == "train"


def test_a_fault_ends_with_code_1_and_its_traceback_in_a_log(
    shared_home: Path, server: PrefectServer, config: Path
) -> None:
    ended = run(shared_home, server, config, "bug")
    assert ended.code == 1
    assert "Traceback (" not in ended.out + ended.err
    first, second = ended.err.splitlines()
    assert first.startswith("Failed in train: KeyError")
    assert "raise KeyError" in Path(second.split()[-1]).read_text(encoding="utf-8")


def stopped_by(number: signal.Signals, home: Path, config: Path, api: str | None) -> Run:
    """Send a signal to the group of a command that is at work in its last stage."""
    outcome = config.parent / "outcome.json"
    process = start(home, *arguments(config, "slow", outcome), api=api)
    assert process.stdout is not None
    while "curate" not in process.stdout.readline():
        assert process.poll() is None
    time.sleep(0.5)
    os.killpg(process.pid, number)
    return Run(process, outcome)


def test_ctrl_c_ends_the_run_in_one_line_and_leaves_no_process(
    shared_home: Path, server: PrefectServer, config: Path
) -> None:
    ended = stopped_by(signal.SIGINT, shared_home, config, api=None)
    assert ended.code == 130
    assert ended.err == "Stopped during train. Nothing was released; run again to go on from here.\n"
    assert ended.outcome["state"] == "interrupted"
    assert processes_of(shared_home) == {server.process.pid if server.process else 0}


def test_sigterm_ends_the_run_like_ctrl_c_and_prefect_knows_it(
    shared_home: Path, server: PrefectServer, config: Path
) -> None:
    ended = stopped_by(signal.SIGTERM, shared_home, config, api=server.url)
    assert ended.code == 143
    assert "Stopped during train." in ended.err
    assert ended.outcome["state"] == "interrupted"
    query = {"sort": "START_TIME_DESC", "limit": 1}
    newest = httpx.post(f"{server.url}/flow_runs/filter", json=query).json()[0]
    assert newest["state_type"] == "CRASHED"
