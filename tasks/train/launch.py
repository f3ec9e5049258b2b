"""Trains as a run's plan says and tells how it goes: `python -m tasks.train.launch RUN_DIR`.

This is what a job on a cluster runs (infra/kubernetes, infra/ray); the train stage does the same from within.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import NoReturn

from tasks.errors import RefitError
from tasks.train.process import run_training


def main() -> int:
    """Train, print what happens, and return the exit code; SIGTERM lets the training write one more checkpoint."""
    parser = argparse.ArgumentParser(prog="python -m tasks.train.launch", description="Train as RUN_DIR/run.json says.")
    parser.add_argument("run_dir", type=Path, metavar="RUN_DIR")
    folder = parser.parse_args().run_dir
    signal.signal(signal.SIGTERM, _end)
    try:
        figures = run_training(folder, _say_progress, _say)
    except RefitError as error:
        _say(str(error))
        return error.exit_code
    _say(", ".join(f"{name} {value:.6g}" for name, value in figures.items()))
    return 0


def _say_progress(done: float, total: float, message: str) -> None:
    _say(f"step {done:g} of {total:g}: {message}")


def _say(message: str) -> None:
    sys.stdout.write(f"{message}\n")
    sys.stdout.flush()


def _end(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
