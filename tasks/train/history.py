"""What the log of a training says: which evaluation was best, and whether going on is of use."""

from __future__ import annotations

from typing import Any

LOSS = "eval_cross_entropy"
"""Key of the validation loss in the trainer's log."""

Log = list[dict[str, float]]


def evaluations(log: Log, key: str = LOSS) -> Log:
    """The entries that hold a validation loss, in order."""
    return [entry for entry in log if key in entry]


def best_step(log: Log, key: str = LOSS) -> int:
    """The step with the lowest validation loss; the first of equals."""
    return int(min(evaluations(log, key), key=lambda entry: entry[key])["step"])


def exhausted(log: Log, patience: int, key: str = LOSS) -> bool:
    """Whether the last `patience` evaluations brought no better validation loss."""
    losses = [entry[key] for entry in evaluations(log, key)]
    return len(losses) - 1 - losses.index(min(losses)) >= patience if losses else False


def history(log: Log) -> dict[str, Any]:
    """What is kept of the log, free of times: by step, training loss and rate, validation loss and accuracy."""
    return {
        "training": [
            {"step": entry["step"], "loss": entry["loss"], "learning_rate": entry["learning_rate"]}
            for entry in log
            if "loss" in entry
        ],
        "validation": [
            {"step": entry["step"], "loss": entry[LOSS], "accuracy": entry["eval_accuracy"]}
            for entry in evaluations(log)
        ],
    }
