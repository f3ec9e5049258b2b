"""A training killed at many instants: does each go on, to the same bytes, and how much of it is done twice?

python -m tests.benchmarks.training.kill_sweep
python -m tests.benchmarks.training.kill_sweep --points 10 --only language

A tiny classifier and a tiny language model (SFT, then DPO) are trained once without interruption. Then each point
trains again, is killed by SIGKILL, goes on, and its model folder, which holds the loss curves, is compared with the
first one's by digest. Half of the points are killed at a random time. The others kill themselves inside a random one of
the calls that make a checkpoint (write, sync, rename, remove), so that no instant of sealing is too short to be hit.
Children are forked from a process that has the libraries loaded, so that times are spread over the training alone.
Where sealing takes longer than the steps wait for it, a kill before its end repeats those steps on top of an interval.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from infra.storage import manifest_of
from tests.benchmarks.report import Comparison, compare, write_report
from tests.benchmarks.training.kill_runs import PREPARE

EVENTS = "events.jsonl"


@dataclass(frozen=True)
class Killed:
    """What became of one point."""

    kind: str
    reached: int
    """The last step that was told of before the kill, over all stages."""
    resumed_from: int
    """The step that it went on from; 0 is the beginning."""
    was_killed: bool
    same_model: bool

    @property
    def repeated(self) -> int:
        """Steps done twice."""
        return max(0, self.reached - self.resumed_from)


def sweep(kind: str, points: int, seed: int = 0) -> tuple[list[Killed], int]:
    """Kill and resume `points` trainings; returns what became of them and the steps between two evaluations."""
    import torch

    torch.set_num_threads(1)
    _load_libraries(kind)
    whole = PREPARE[kind]("whole")
    _wait(_fork(kind, whole))
    begun = time.monotonic()
    # Measured a second time, when nothing is loaded for the first time any more.
    again = PREPARE[kind]("again")
    _wait(_fork(kind, again))
    seconds, calls = time.monotonic() - begun, int((again / "calls").read_text())
    wanted, rng = manifest_of(whole / "model"), random.Random(seed)
    found: list[Killed] = []
    attempts = 0
    while len(found) < points:
        attempts += 1
        folder = PREPARE[kind](f"point {attempts}")
        at_call = rng.randint(1, calls) if len(found) % 2 else None
        child = _fork(kind, folder, at_call)
        if at_call is None:
            time.sleep(rng.uniform(0, seconds))
            os.kill(child, signal.SIGKILL)
        point = _go_on(kind, folder, child, wanted)
        shutil.rmtree(folder)
        if point.was_killed or not point.same_model:
            found.append(point)
        else:
            # It had ended by itself: the machine is quicker now, or made fewer checkpoints.
            seconds, calls = 0.9 * seconds, max(1, int(0.9 * calls))
    pauses = sorted(_steps(whole / EVENTS, "validation loss"))
    return found, max(later - earlier for earlier, later in zip([0, *pauses], pauses, strict=False))


def _go_on(kind: str, folder: Path, child: int, wanted: bytes) -> Killed:
    killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
    events = folder / EVENTS
    reached = max(_steps(events, "") or {0})
    events.unlink(missing_ok=True)
    _wait(_fork(kind, folder))
    trained = [event for event in _read(events) if "training loss" in event.get("message", "")]
    resumed_from = trained[0]["measured_at"] - 1 if trained else reached
    return Killed(kind, reached, resumed_from, killed, manifest_of(folder / "model") == wanted)


def _fork(kind: str, folder: Path, at_call: int | None = None) -> int:
    """Train in a child that kills itself inside the call number `at_call` of those that make a checkpoint."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        _train(kind, folder, at_call)
        code = 0
    finally:
        if code:
            sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        os._exit(code)
    return 0


def _train(kind: str, folder: Path, at_call: int | None) -> None:
    if kind == "classifier":
        from tasks.train.classifier.learning import learn
    else:
        from tasks.train.language.learning import learn
    calls = _watch_calls(at_call)
    with (folder / EVENTS).open("a", encoding="utf-8") as events:

        def tell(event: str, **content: Any) -> None:
            events.write(json.dumps({"event": event, **content}) + "\n")
            events.flush()

        learn(folder, tell)
    (folder / "calls").write_text(str(calls[0]))


def _watch_calls(at_call: int | None) -> list[int]:
    """Count the calls that make checkpoints; the one of number `at_call` is cut short by SIGKILL, before or after."""
    import safetensors.torch
    import torch

    calls = [0]

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*arguments: Any, **options: Any) -> Any:
            calls[0] += 1
            due = calls[0] == at_call
            if due and calls[0] % 2:
                os.kill(os.getpid(), signal.SIGKILL)
            result = function(*arguments, **options)
            if due:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call

    for place, name in (
        (os, "fsync"),
        (pathlib.Path, "rename"),
        (pathlib.Path, "write_bytes"),
        (shutil, "rmtree"),
        (torch, "save"),
        (safetensors.torch, "save_file"),
    ):
        setattr(place, name, watched(getattr(place, name)))
    return calls


def _wait(child: int) -> None:
    status = os.waitpid(child, 0)[1]
    if status:
        raise RuntimeError(f"a training that nobody killed ended with {os.waitstatus_to_exitcode(status)}")


def _read(events: Path) -> list[dict[str, Any]]:
    """The events of a child; its last line may be torn."""
    lines = events.read_text(encoding="utf-8").splitlines(keepends=True) if events.is_file() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def _steps(events: Path, words: str) -> set[int]:
    return {e["measured_at"] for e in _read(events) if "measured_at" in e and words in e["message"]}


def _load_libraries(kind: str) -> None:
    import matplotlib.figure  # noqa: F401

    if kind == "classifier":
        import tasks.train.classifier.learning
    else:
        import tasks.train.language.dpo
        import tasks.train.language.learning
        import tasks.train.language.sft  # noqa: F401


def measure(points: int = 50, kinds: Sequence[str] = tuple(sorted(PREPARE))) -> list[Comparison]:
    """Sweep each of the models: how many of the killed trainings came to the bytes of the one that was not."""
    comparisons = []
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="kill-sweep-") as home:
            os.environ["REFIT_HOME"] = home
            found, interval = sweep(kind, points)
        quality = {
            "killed_before_the_end": sum(point.was_killed for point in found),
            "most_steps_repeated": max(point.repeated for point in found),
            "mean_steps_repeated": mean(point.repeated for point in found),
            "steps_between_evaluations": interval,
            "points_that_repeated_more": sum(point.repeated > interval for point in found),
        }
        same, peer = sum(point.same_model for point in found), f"{kind}, not killed"
        comparisons.append(
            compare(
                "kill-sweep", peer, ours=same, theirs=points, unit="same bytes", less_is_better=False, quality=quality
            )
        )
    return comparisons


def main() -> int:
    """Measure and write `build/bench/training-kill-sweep.json`; 1 where a training did not come through."""
    parser = argparse.ArgumentParser(description="Trainings killed at many instants.")
    parser.add_argument("--points", type=int, default=50, help="kill points for each model (50)")
    parser.add_argument("--only", choices=sorted(PREPARE), help="one of the models alone")
    options = parser.parse_args()
    results = measure(options.points, [options.only] if options.only else sorted(PREPARE))
    write_report("training-kill-sweep", results)
    return int(any(result.ours < result.theirs for result in results))


if __name__ == "__main__":
    sys.exit(main())
