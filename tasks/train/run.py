"""The training process: `python -m tasks.train.run RUN_DIR` trains as RUN_DIR/run.json says.

Its standard output is a stream of JSON lines: `progress`, `note`, and at the end `done`, `refused` (the user must mend
something; exit code 3) or `failed` (exit code 1; 143 after SIGTERM). The trained model is then in RUN_DIR/model. Of
several processes that train together, the first one alone speaks and holds the lock.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from tasks.errors import RefitError, TrainingFailed, UserInputError
from tasks.train.ranks import is_first
from tasks.train.stopping import STOP

LOCK_WAIT_SECONDS = 10.0
SECONDS_FOR_THE_FIRST = 10.0


def main() -> int:
    """Train, and say how it goes; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tasks.train.run", description="Train as RUN_DIR/run.json says.")
    parser.add_argument("run_dir", type=Path, metavar="RUN_DIR")
    parser.add_argument("--die-with-parent", action="store_true", help="end at once when standard input closes")
    options = parser.parse_args()
    if options.die_with_parent:
        threading.Thread(target=_die_with_parent, daemon=True).start()
    events = _private_stdout()

    def tell(event: str, **content: Any) -> None:
        if is_first():
            events.write(json.dumps({"event": event, **content}) + "\n")
            events.flush()

    try:
        STOP.listen()
        with _alone(options.run_dir):
            tell("done", metrics=_learn(options.run_dir, tell))
    except RefitError as error:
        tell("refused" if isinstance(error, UserInputError) else "failed", message=str(error))
        if not is_first():
            sys.stderr.write(f"process {os.environ['RANK']}: {error}\n")
            # The launcher ends all processes when one does, and the first is to say what is wrong before that.
            time.sleep(SECONDS_FOR_THE_FIRST)
        return error.exit_code
    return 0


def _learn(folder: Path, tell: Callable[..., None]) -> dict[str, float]:
    """Train a classifier or a language model, whichever the rows teach, and count the energy that it takes."""
    from tasks.train.energy import EnergyMeter

    if not is_first():
        return _learned(folder, tell)
    with EnergyMeter(folder) as meter:
        figures = _learned(folder, tell)
    return {**figures, **meter.figures()}


def _learned(folder: Path, tell: Callable[..., None]) -> dict[str, float]:
    from tasks.train.devices import join_the_others
    from tasks.train.plan import RunPlan

    plan = RunPlan.read(folder)
    join_the_others(plan.config.devices)
    if plan.task == "classification":
        from tasks.train.classifier.learning import learn
    else:
        from tasks.train.language.learning import learn
    return learn(folder, tell)


def _private_stdout() -> TextIO:
    """The real standard output, for events alone: whatever a library prints goes to the log from here on."""
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return events


def _die_with_parent() -> None:
    """End the process group when standard input closes: the parent holds its other end, and closes it by dying."""
    while os.read(0, 4096):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    if not is_first():
        yield
        return
    with only_one(folder):
        yield


def only_one(folder: Path) -> TextIO:
    """Hold the run's lock until the returned file is closed, so that two processes never write one folder."""
    file = (folder / "lock").open("a+", encoding="utf-8")
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.seek(0)
                holder = f"as process {json.loads(file.read() or '{}').get('pid', 'unknown')}"
                file.close()
                reason = f"the same training already runs in {folder} {holder}: wait for it or stop it"
                raise TrainingFailed(reason) from None
            time.sleep(0.2)
        else:
            file.truncate(0)
            file.write(json.dumps({"pid": os.getpid()}))
            file.flush()
            return file


if __name__ == "__main__":
    sys.exit(main())
