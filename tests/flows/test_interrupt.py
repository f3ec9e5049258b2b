"""Ctrl-C in every stage: one line, exit code 130, nothing half-written, no process left, and the next run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from infra.storage import verify_folder
from tests.flows.commands import CONFIG, LENIENT, QUICK, releases, retrain, start
from tests.local_services import processes_of
from tests.tasks.models.tiny_model import make_base_model

STAGES = ("acquire", "validate", "pull answers", "curate", "advise", "train", "export", "evaluate", "champion model")
"""After each of these the next stage is interrupted; a release is one atomic step behind the last of them."""


def read_until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return
    raise AssertionError(f"the command ended before it said {words!r}: {process.stderr and process.stderr.read()}")


@pytest.mark.slow
def test_ctrl_c_in_every_stage_leaves_nothing_behind_and_the_next_run_works(tmp_path: Path) -> None:
    home, outcome = tmp_path / "home", tmp_path / "outcome.json"
    changes = (*QUICK, *LENIENT, f"training.base_model={make_base_model(tmp_path / 'base')}")
    for stage in ("retrain support-intents", *STAGES):
        process = start(home, CONFIG, "--set", *changes, "--outcome", str(outcome))
        read_until(process, f" {stage}" if stage in STAGES else stage)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=120)
        assert process.returncode == 130, f"after {stage}: {said}"
        assert len(said.strip().splitlines()) == 1, f"after {stage}: {said}"
        assert said.startswith("Stopped")
        assert json.loads(outcome.read_text(encoding="utf-8"))["state"] == "interrupted"
        assert releases(home) == []
        assert processes_of(home) == set()
        for manifest in (home / "store").glob("*/*/manifest.json"):
            verify_folder(manifest.parent, manifest.parent.name)
    last = retrain(home, *changes)
    assert last.code == 0, last.out + last.err
    assert releases(home) == ["000001.json"]
