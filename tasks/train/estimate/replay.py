"""What the C library's allocator holds beyond what was asked of it, found by asking it for the very same.

Memory that a step frees stays with the process in pieces of other sizes than the next operation wants, so a process on
the CPU holds more than its tensors. How much more follows from the sizes and their order alone. They are known from
the trace, so they are asked for again, and given back, in a fresh process; nothing is computed.
`python -m tasks.train.estimate.replay` reads a `Replay` from standard input and prints the bytes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pydantic import BaseModel

from tasks.errors import TrainingFailed
from tasks.train.estimate.resident import resident_bytes

ROOT = Path(__file__).resolve().parents[3]
STEPS = 3
LARGE_BYTES = 1 << 18


class Replay(BaseModel):
    """The memory of a training step, in the order in which it is asked for and given back."""

    standing: list[int]
    """Bytes of each weight."""
    states: list[int]
    """Bytes of each of the optimiser's moments, made after the first step."""
    pieces: list[int]
    """Bytes of each piece that the step asks for."""
    written: int
    """Bytes of the model's file, which safetensors puts together in memory when the model is saved."""
    events: list[tuple[int, int]]
    """The piece's number, and 1 where it comes or -1 where it goes."""


def replayed_peak_bytes(replay: Replay) -> int:
    """Most bytes that a process held beyond what it began with. Raises TrainingFailed where it could not end."""
    done = subprocess.run(
        [sys.executable, "-m", "tasks.train.estimate.replay"],
        input=replay.model_dump_json(),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))},
        check=False,
    )
    if done.returncode:
        raise TrainingFailed(
            f"the replay of a step's memory ended with exit code {done.returncode}: {done.stderr[-500:]}"
        )
    return int(done.stdout)


def play(replay: Replay) -> int:
    """Ask for the memory of STEPS steps, and of saving, in this process; returns the most bytes that it held."""
    import torch

    def block(size: int) -> torch.Tensor:
        memory = torch.empty(size, dtype=torch.uint8)
        # A page counts once something is written on it.
        memory[::4096] = 1
        return memory

    before = most = resident_bytes()
    kept = [block(size) for size in replay.standing]
    for step in range(STEPS):
        live: dict[int, torch.Tensor] = {}
        for number, sign in replay.events:
            if sign < 0:
                live.pop(number, None)
                continue
            live[number] = block(replay.pieces[number])
            if replay.pieces[number] >= LARGE_BYTES:
                most = max(most, resident_bytes())
        if step == 0:
            kept += [block(size) for size in replay.states]
        most = max(most, resident_bytes())
    kept.append(block(replay.written))
    return max(most, resident_bytes()) - before


if __name__ == "__main__":
    sys.stdout.write(str(play(Replay.model_validate_json(sys.stdin.read()))))
