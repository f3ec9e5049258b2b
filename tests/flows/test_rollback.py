"""`python -m flows.rollback`: the previous release is put back, and the command says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.mlflow_registry import alias_version
from tasks.release.decide import let_in
from tasks.release.follow import follow_log
from tasks.release.log import read_log
from tests.mlflow_database import ready_mlflow
from tests.stored_model import stored_model, stored_verdict

ROOT = Path(__file__).resolve().parent.parent.parent
MODEL = "intents"


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flows.rollback", *arguments],
        cwd=ROOT,
        env={**os.environ, "REFIT_ACTOR": "ann"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_previous_release_is_put_back_until_there_is_none() -> None:
    mlflow = ready_mlflow()
    first, second = stored_model(0), stored_model(1)
    let_in(MODEL, first, stored_verdict(first), "me", "w")
    follow_log(MODEL, "champion")
    let_in(MODEL, second, stored_verdict(second, first), "me", "w")
    follow_log(MODEL, "champion")

    done = command(MODEL, "--why", "bad answers")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Rolled back: intents serves model {first.digest[:12]} again" in done.stdout
    assert "by ann: bad answers" in done.stdout
    assert [entry.kind for entry in read_log(MODEL)] == ["release", "release", "rollback"]
    assert alias_version(mlflow, MODEL, "champion") == "1"

    again = command(MODEL)
    assert again.returncode == 3
    assert "intents cannot be rolled back" in again.stdout + again.stderr
    assert len(read_log(MODEL)) == 3

    mlflow.client.set_registered_model_alias(MODEL, "champion", "2")
    repaired = command(MODEL, "--repair-alias")
    assert repaired.returncode == 0, repaired.stdout + repaired.stderr
    assert alias_version(mlflow, MODEL, "champion") == "1"


def test_a_command_without_a_model_is_wrong_input() -> None:
    done = command()
    assert done.returncode == 3
    assert "MODEL" in done.stdout + done.stderr
