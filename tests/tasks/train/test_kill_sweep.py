"""A few points of the kill sweep; `python -m tests.benchmarks.training.kill_sweep` has the rest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SWEEP = """
import json, os, sys
os.environ["REFIT_HOME"] = sys.argv[1]
from tests.benchmarks.training.kill_sweep import summary, sweep
print(json.dumps(summary(sys.argv[2], *sweep(sys.argv[2], 5))))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["classifier", "language"])
def test_a_training_killed_at_any_instant_goes_on_to_the_same_bytes(kind: str, tmp_path: Path) -> None:
    # In a process of its own, because children are forked, and this one may have threads.
    done = subprocess.run(
        [sys.executable, "-c", SWEEP, str(tmp_path), kind],
        cwd=Path(__file__).resolve().parents[3],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["resumed_to_the_same_bytes"] == figures["points"] == 5
