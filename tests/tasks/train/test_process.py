"""The two sides of a training process: what it measures arrives, and told to stop it saves and ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.errors import TrainingFailed
from tasks.train import process
from tasks.train.checkpoints import newest_whole
from tasks.train.process import run_training

Prepare = Callable[..., Path]
LONG = 100_000


@pytest.mark.slow
def test_measures_of_every_step_and_the_energy_come_back(prepare: Prepare) -> None:
    heard: list[tuple[int, dict[str, float]]] = []
    figures = run_training(
        prepare(epochs=2), lambda *_: None, lambda _: None, lambda step, measures, _left: heard.append((step, measures))
    )
    trained = [step for step, measures in heard if "train/loss" in measures]
    assert trained == list(range(1, int(figures["steps"]) + 1))
    assert figures["energy_joules"] > 0
    assert figures["energy_is_modelled"] in (0.0, 1.0)


@pytest.mark.slow
def test_told_to_stop_it_saves_where_it_is_and_ends_with_143(prepare: Prepare) -> None:
    folder = prepare(epochs=LONG, early_stopping_patience=LONG)
    command = [sys.executable, "-m", "tasks.train.run", str(folder)]
    with (folder / "log.txt").open("w") as log:
        child = subprocess.Popen(command, cwd=process.ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        assert child.stdout is not None
        while json.loads(child.stdout.readline()).get("done", 0) < 5:
            pass
        child.send_signal(signal.SIGTERM)
        last = json.loads(child.communicate(timeout=60)[0].splitlines()[-1])
    assert child.returncode == 143
    assert last["event"] == "failed"
    assert last["message"].startswith("it was told to stop (SIGTERM) and ended after step ")
    assert newest_whole(folder / "checkpoints", pytest.fail) is not None


def test_a_training_killed_after_it_told_of_progress_is_said_to_be_killed(
    prepare: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = json.dumps({"event": "progress", "done": 1, "total": 2, "message": "epoch 0.5"})
    script = f"import os; print('''{said}''', flush=True); os.kill(os.getpid(), 9)"
    monkeypatch.setattr(process, "command_of", lambda *_: [sys.executable, "-c", script])
    with pytest.raises(TrainingFailed, match=r"killed by SIGKILL, often a sign that memory ran out"):
        run_training(prepare(), lambda *_: None, lambda _: None)
