"""How fast a training goes and how long it will take, and its progress as an event for whoever follows it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from tasks.energy.machine import Machine
from tasks.train.history import LOSS

Event = dict[str, Any]
NOT_CURVES = ("runtime", "_per_second", "num_tokens", "total_flos", "epoch")
"""What the trainer's log says beside the values of curves."""


class Pace:
    """Counts the tokens that a trainer's steps are given, without waiting for a GPU, and the time they take.

    `steps_before` are those of the stages before, through which the steps of curves are counted on.
    """

    def __init__(self, trainer: Any, processes: int, steps_before: int) -> None:
        self.processes, self.steps_before, self.machine = processes, steps_before, Machine()
        self.tokens: torch.Tensor | int = 0
        self.begun_at, self.first_step = time.monotonic(), 0
        training_step = trainer.training_step

        def counted(model: Any, inputs: Any, *arguments: Any, **options: Any) -> Any:
            self.tokens = self.tokens + _tokens(inputs)
            return training_step(model, inputs, *arguments, **options)

        trainer.training_step = counted

    def begin(self, step: int) -> None:
        """Measure from here."""
        self.begun_at, self.first_step, self.tokens = time.monotonic(), step, 0

    @property
    def tokens_per_second(self) -> float | None:
        """Tokens a second since the training began here, evaluations included; None where batches hold no tokens."""
        tokens = int(self.tokens) * self.processes
        return tokens / (time.monotonic() - self.begun_at) if tokens else None

    def seconds_left(self, step: int, steps: int) -> float | None:
        """Time that the remaining steps take at this pace."""
        done = step - self.first_step
        return (time.monotonic() - self.begun_at) / done * (steps - step) if done else None

    def event(self, best_by: str, logs: Mapping[str, float], epoch: float, step: int, steps: int) -> Event:
        """What is told of an entry of the trainer's log; `measures` has the names of the model's history."""
        speed, measures = self.tokens_per_second, curve_values(logs)
        words = [f"epoch {epoch:.1f}"]
        if "loss" in logs:
            measures |= self.machine.measures() | ({"train/tokens_per_second": speed} if speed else {})
            words += [f"training loss {logs['loss']:.3f}", *([f"{speed:,.0f} tokens/s"] if speed else [])]
        else:
            words.append(f"validation loss {logs[best_by]:.3f}")
            words += [f"accuracy {logs['eval_accuracy']:.1%}"] if "eval_accuracy" in logs else []
        return {
            "done": step,
            "total": steps,
            "message": ", ".join(words),
            "measured_at": self.steps_before + step,
            "measures": measures,
            "seconds_left": self.seconds_left(step, steps),
        }


def curve_values(logs: Mapping[str, float]) -> dict[str, float]:
    """The values of an entry of the trainer's log as `train/…` or `validation/…`."""
    found = {}
    for name, value in logs.items():
        if any(part in name for part in NOT_CURVES) or not isinstance(value, int | float):
            continue
        if name == LOSS:
            found["validation/loss"] = float(value)
        elif not name.startswith("eval_"):
            found[f"train/{name}"] = float(value)
        elif name != "eval_loss" or LOSS not in logs:
            found[f"validation/{name.removeprefix('eval_')}"] = float(value)
    return found


def steps_before(stage_folder: Path) -> int:
    """Steps of the stages that are done before the one of this folder, `stages/<number>-<kind>`."""
    if stage_folder.parent.name != "stages":
        return 0
    own = int(stage_folder.name.split("-")[0])
    logs = [path for path in stage_folder.parent.glob("*/done/log.json") if int(path.parts[-3].split("-")[0]) < own]
    entries = [json.loads(path.read_text(encoding="utf-8")) for path in logs]
    return sum(max((int(entry["step"]) for entry in log), default=0) for log in entries)


def _tokens(inputs: Any) -> torch.Tensor | int:
    if not isinstance(inputs, Mapping):
        return 0
    if isinstance(mask := inputs.get("attention_mask"), torch.Tensor):
        return mask.sum()
    ids = inputs.get("input_ids")
    return ids.numel() if isinstance(ids, torch.Tensor) else 0
