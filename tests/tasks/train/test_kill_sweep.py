"""A few points of the kill sweep; `python -m tests.benchmarks.training.kill_sweep` has the rest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["classifier", "language"])
def test_a_training_killed_at_any_instant_goes_on_to_the_same_bytes(kind: str, tmp_path: Path) -> None:
    # In a process of its own, because children are forked, and this one may have threads.
    subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.training.kill_sweep", "--points", "5", "--only", kind],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    written = json.loads((tmp_path / "build" / "bench" / "training-kill-sweep.json").read_text(encoding="utf-8"))
    assert [(figures["ours"], figures["theirs"]) for figures in written] == [(5, 5)]
