"""The loss of the steps since the last logged one, kept with a checkpoint that falls between two of them.

The library forgets it, and would log another mean after going on.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch


def write_unlogged(trainer: Any, checkpoint: Path) -> None:
    """Write the sum of losses and the last logged step of this process."""
    # A float32 has an exact decimal form, so that the sum comes back to the bit.
    content = {
        "loss_sum": float(trainer._tr_loss),
        "logged_step": trainer._globalstep_last_logged,
        "metrics": {name: [float(value) for value in values] for name, values in _metrics(trainer).items()},
    }
    # Of several processes one may come here before the first has made the folder.
    checkpoint.mkdir(parents=True, exist_ok=True)
    _file(trainer, checkpoint).write_text(json.dumps(content), encoding="utf-8")


def read_unlogged(trainer: Any, checkpoint: Path) -> None:
    """Take them up again, once the trainer has set its own to nothing."""
    content = json.loads(_file(trainer, checkpoint).read_text(encoding="utf-8"))
    trainer._tr_loss = torch.tensor(content["loss_sum"], device=trainer.args.device)
    trainer._globalstep_last_logged = content["logged_step"]
    _metrics(trainer).update(content["metrics"])


def _metrics(trainer: Any) -> dict[str, list[float]]:
    """What TRL's trainers measure at each step and log as a mean."""
    kept: dict[str, dict[str, list[float]]] = getattr(trainer, "_metrics", {})
    return kept.get("train", {})


def _file(trainer: Any, checkpoint: Path) -> Path:
    return checkpoint / f"unlogged-{trainer.args.process_index}.json"
