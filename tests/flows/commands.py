"""Refit's own commands, run by tests as a person runs them: a process of its own, on the shipped demo config."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CONFIG = "deployments/support-intents.yaml"
SHORT = (
    "training.epochs=1",
    "training.max_tokens=32",
    "evaluation.latency_requests=100",
    "evaluation.drift.rows=20",
    "evaluation.load=null",
    "evaluation.parity.rows=300",
    "evaluation.energy.rounds=3",
    "evaluation.energy.requests=50",
)
"""Little training, little timing, and everything else as it ships."""
QUICK = (*SHORT, "curation.max_embedded_rows=0", "advice.learning_curve=false")
"""Little training, and nothing embedded."""
LENIENT = (
    "gates.quality.min=-1",
    "gates.calibration=null",
    "gates.champion.margin=1",
    "gates.latency.max_p99_milliseconds=60000",
    "gates.drift=null",
    "gates.side_effects=null",
)
"""Gates that any model passes. Latency among them: the p99 of 100 requests is their slowest, and a busy machine's pause
in one of them is no fault of what a test looks at."""


def start(home: Path, *arguments: str, module: str = "flows.retrain") -> subprocess.Popen[str]:
    """Start `python -m module` against `home`, as the leader of a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, "REFIT_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


class Run:
    """A finished command: exit code, what it printed, and its outcome file where it is `retrain`."""

    def __init__(self, process: subprocess.Popen[str], outcome: Path | None = None) -> None:
        self.out, self.err = process.communicate(timeout=420)
        self.code = process.returncode
        self.outcome: dict[str, Any] = json.loads(outcome.read_text(encoding="utf-8")) if outcome else {}


def retrain(home: Path, *changes: str, config: str = CONFIG) -> Run:
    """Run `retrain` to its end; `changes` go behind `--set`."""
    outcome = home.parent / "outcome.json"
    return Run(start(home, config, "--set", *changes, "--outcome", str(outcome)), outcome)


def releases(home: Path) -> list[str]:
    """Names of the entries of all release logs."""
    return sorted(path.name for path in (home / "store" / "releases").rglob("*.json"))
