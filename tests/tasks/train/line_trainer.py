"""A line fitted by transformers' Trainer: all of a training in a tenth of a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedConfig, PreTrainedModel, PrinterCallback, Trainer, TrainingArguments

from tasks.train.steering import Steering

STEPS, BATCH, ROWS = 24, 4, 32
BEST_BY = "eval_loss"


class LineConfig(PreTrainedConfig):  # type: ignore[misc]
    """A line has no settings."""

    model_type = "line"


class Line(PreTrainedModel):  # type: ignore[misc]
    """y = a x + b, with some dropout, so that the random state matters."""

    config_class = LineConfig

    def __init__(self, config: LineConfig) -> None:
        super().__init__(config)
        self.layer, self.dropout = torch.nn.Linear(8, 1), torch.nn.Dropout(0.2)
        self.post_init()

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Mean squared error."""
        predicted = self.layer(self.dropout(x)).squeeze(-1)
        return {"loss": torch.nn.functional.mse_loss(predicted, labels), "logits": predicted}


def rows(nan_at: int | None = None) -> list[dict[str, Any]]:
    """Rows with ids; the one at `nan_at` has a label that is no number."""
    generator = torch.Generator().manual_seed(0)
    found = []
    for number in range(ROWS):
        x = torch.rand(8, generator=generator)
        label = torch.tensor(float("nan")) if number == nan_at else x.sum()
        found.append({"id": f"r{number}", "x": x, "labels": label})
    return found


def collate(batch: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """Stacked, without the ids."""
    return {name: torch.stack([row[name] for row in batch]) for name in ("x", "labels")}


def make_trainer(steering: Steering, *, nan_at: int | None = None, **changes: Any) -> Trainer:
    """A trainer of 24 steps in epochs of 8, steered."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    fields: dict[str, Any] = {
        "output_dir": str(steering.shelf.parent / "incoming"),
        "max_steps": STEPS,
        "per_device_train_batch_size": BATCH,
        "learning_rate": 1e-2,
        "warmup_steps": 0,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "eval_strategy": "no",
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "remove_unused_columns": False,
        "use_cpu": not torch.cuda.is_available(),
        "dataloader_pin_memory": False,
    }
    trainer = Trainer(
        model=Line(LineConfig()),
        args=TrainingArguments(**(fields | changes)),
        train_dataset=rows(nan_at),
        eval_dataset=rows(),
        data_collator=collate,
        callbacks=[steering],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


class Listener:
    """Collects what a training says."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def __call__(self, event: str, **content: Any) -> None:
        self.events.append({"event": event, **content})


def make_steering(folder: Path, pauses: set[int], **changes: Any) -> Steering:
    """A steering that listens to itself; its events are in `steering.tell.events`."""
    return Steering(folder, pauses, Listener(), best_by=BEST_BY, **changes)


def losses(log: list[dict[str, float]]) -> list[tuple[float, float]]:
    """Step and training loss of a log."""
    return [(entry["step"], entry["loss"]) for entry in log if "loss" in entry]
