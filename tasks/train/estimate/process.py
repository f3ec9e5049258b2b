"""The parent's side of a plan: start the planning process, wait for it, and read what it found out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tasks.errors import TrainingFailed, UserInputError
from tasks.train.estimate.record import Estimate
from tasks.train.estimate.run import ESTIMATE, REFUSED

ROOT = Path(__file__).resolve().parents[3]
LOG = "plan-log.txt"
QUOTED_LINES = 12


def estimate_of(folder: Path) -> Estimate:
    """What the training of `folder/run.json` will take.

    Raises UserInputError for what the user must mend, and TrainingFailed with the last lines of the log otherwise.
    """
    path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH")) if part)
    with (folder / LOG).open("wb") as log:
        done = subprocess.run(
            [sys.executable, "-m", "tasks.train.estimate.run", str(folder)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=False,
        )
    if done.returncode == UserInputError.exit_code and (folder / REFUSED).is_file():
        raise UserInputError((folder / REFUSED).read_text(encoding="utf-8"))
    if done.returncode:
        lines = (folder / LOG).read_text(encoding="utf-8", errors="replace").strip().splitlines()[-QUOTED_LINES:]
        raise TrainingFailed(
            f"the plan of the training could not be made: its process ended with exit code {done.returncode}. Its log "
            "ends:" + "".join(f"\n  {line}" for line in lines)
        )
    return Estimate.model_validate_json((folder / ESTIMATE).read_bytes())
