"""The main line as a person runs it: the real command in a process of its own, on the shipped demo config."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CONFIG = "deployments/support-intents.yaml"
QUICK = ("training.epochs=1", "training.max_tokens=32", "evaluation.latency_requests=100")
LENIENT = ("gates.quality.min=-1", "gates.calibration=null", "gates.champion=null")


def command(home: Path, *changes: str, module: str = "flows.retrain", arguments: tuple[str, ...] = (CONFIG,)) -> Any:
    """Run a command against `home`; returns the completed process with `.outcome`, what it wrote."""
    outcome = home.parent / "outcome.json"
    options = ["--set", *changes, "--outcome", str(outcome)] if module == "flows.retrain" else []
    done: Any = subprocess.run(
        [sys.executable, "-m", module, *arguments, *options],
        cwd=ROOT,
        env={**os.environ, "REFIT_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=420,
        check=False,
    )
    done.outcome = json.loads(outcome.read_text()) if module == "flows.retrain" else None
    return done


def releases(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "store" / "releases").rglob("*.json"))


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A home in which a quickly trained model was released, and the command that did it."""
    home = tmp_path_factory.mktemp("main-line") / "home"
    return home, command(home, *QUICK, *LENIENT)


def test_one_command_releases_a_model(released: tuple[Path, Any]) -> None:
    home, run = released
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.outcome["state"] == "released"
    assert run.outcome["release"] == 1
    assert releases(home) == ["000001.json"]
    assert {gate["name"] for gate in run.outcome["gates"]} == {"quality", "latency"}
    assert set(run.outcome["seconds"]) >= {"acquire", "validate", "curate", "train", "export", "evaluate", "gate"}


def test_the_terminal_shows_stages_gates_and_verdict_without_noise(released: tuple[Path, Any]) -> None:
    _, run = released
    for words in ("acquire", "validate", "curate", "train", "quality", "latency", "Released", "quarantined"):
        assert words in run.stdout
    for noise in ("Traceback", "WARNING", "INFO", "alembic", "\x1b["):
        assert noise not in run.stdout + run.stderr


@pytest.mark.slow
def test_an_unchanged_run_reuses_its_stages_and_releases_nothing_new(released: tuple[Path, Any]) -> None:
    home, first = released
    again = command(home, *QUICK, *LENIENT)
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.outcome["unchanged"] is True
    assert again.outcome["release"] == 1
    assert again.outcome["candidate_digest"] == first.outcome["candidate_digest"]
    assert set(again.outcome["reused"]) >= {"validate", "curate", "train", "export", "evaluate"}
    assert releases(home) == ["000001.json"]


@pytest.mark.slow
def test_a_worse_candidate_is_not_released_and_the_champion_gate_says_by_how_much(released: tuple[Path, Any]) -> None:
    home, _ = released
    before = releases(home)
    weak = command(home, "training.epochs=0.1", "gates.quality.min=-1", "gates.calibration=null", *QUICK[1:])
    assert weak.returncode == 2, weak.stdout + weak.stderr
    assert weak.outcome["state"] == "rejected"
    champion = next(gate for gate in weak.outcome["gates"] if gate["name"] == "champion")
    assert champion["state"] == "fail"
    assert champion["high"] < champion["limit"]
    assert releases(home) == before


@pytest.mark.slow
def test_changed_data_meets_the_champion_on_the_same_holdout_and_a_rollback_undoes_the_release(
    released: tuple[Path, Any],
) -> None:
    home, first = released
    lenient = ("gates.quality.min=-1", "gates.calibration=null", "gates.champion.margin=1")
    changed = command(home, *QUICK, *lenient, "data.train.seed=8")
    assert changed.returncode == 0, changed.stdout + changed.stderr
    assert changed.outcome["dataset_digest"] != first.outcome["dataset_digest"]
    assert "champion" in {gate["name"] for gate in changed.outcome["gates"]}
    number = changed.outcome["release"]
    assert number == 2
    undone = command(home, module="flows.rollback", arguments=("support-intents", "--why", "a test"))
    assert undone.returncode == 0, undone.stdout + undone.stderr
    entry = json.loads((home / "store/releases/support-intents/000003.json").read_text())
    assert entry["kind"] == "rollback"
    assert entry["model_digest"] == first.outcome["candidate_digest"]
    assert entry["why"] == "a test"
