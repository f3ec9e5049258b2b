"""One stage of a language training: what it works on, and the settings that every stage shares."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import torch

from tasks.errors import UserInputError
from tasks.train.plan import RunPlan
from tasks.train.stage_kinds import AnyStage
from tasks.train.steering import Steering, Tell, evaluation_steps

if TYPE_CHECKING:
    from transformers import TrainingArguments

    from tasks.train.language.rows import Example

MAX_GRADIENT_NORM = 1.0
MOST_LOGGED_STEPS = 500
WARMUP_SHARE = 0.2
EVALUATION_LOSS = "eval_loss"
TOKENS_AT_ONCE = 16_384
"""Most tokens that go through the network together on one device; a larger step takes several passes."""


@dataclass(frozen=True)
class Schedule:
    """How long a stage trains, and after which steps its validation split is scored and a checkpoint written."""

    steps: int
    pauses: set[int]


@dataclass(frozen=True)
class StageWork:
    """All that a stage's runner needs. The runner trains `network` in place and leaves the best weights in it."""

    folder: Path
    """The stage's own folder."""
    plan: RunPlan
    stage: AnyStage
    network: Any
    """The causal language model, with adapters or without."""
    tokenizer: Any
    rows: dict[str, pd.DataFrame]
    """`train` and `validation`, with the columns `id`, `text`, `answer` and `rejected`."""
    tell: Tell
    tokenised: dict[tuple[str, str], list[Example]] = field(default_factory=dict)
    """Rows as token ids, by split and by what carries loss; see `sft.read_examples`, which fills it."""

    def on(self, network: Any) -> StageWork:
        """The same work on another network, such as one with adapters laid on."""
        return replace(self, network=network)

    @property
    def epochs(self) -> float:
        """Passes over the rows: the stage's, or the section's."""
        return self.stage.epochs or self.plan.config.epochs

    @property
    def batch_size(self) -> int:
        """Rows a step over all devices: the stage's, or the section's."""
        return self.stage.batch_size or self.plan.config.batch_size

    @property
    def learning_rate(self) -> float:
        """Peak learning rate: the stage's, or the section's."""
        return self.stage.learning_rate or self.plan.config.learning_rate

    @property
    def rows_per_device(self) -> int:
        """Rows a step on each device. Raises UserInputError where the batch cannot be shared evenly."""
        processes = self.plan.config.devices.processes
        if self.batch_size % processes:
            raise UserInputError(
                f"training.batch_size is {self.batch_size}, which {processes} processes (training.devices.processes) "
                f"cannot share evenly; allowed are multiples of {processes}"
            )
        return self.batch_size // processes

    @property
    def passes_per_step(self) -> int:
        """Forward and backward passes of a step (gradient accumulation): the fewest that hold TOKENS_AT_ONCE."""
        rows = self.rows_per_device
        fits = (
            n for n in range(1, rows + 1) if rows % n == 0 and rows // n * self.plan.config.max_tokens <= TOKENS_AT_ONCE
        )
        return next(fits, rows)

    def schedule(self, rows: int) -> Schedule:
        """Steps and pauses for so many training rows (`batch_size` of them a step)."""
        steps_per_epoch = math.ceil(rows / self.batch_size)
        steps = max(1, math.ceil(self.epochs * steps_per_epoch))
        return Schedule(steps, evaluation_steps(steps, steps_per_epoch, self.plan.config.evaluations_per_epoch))

    def arguments(self, cls: type[TrainingArguments], steps: int, **more: Any) -> Any:
        """TRL's config of the given class: our settings, and nothing that reports, saves or evaluates by itself.

        `more` adds fields, or changes those set here.
        """
        config, cuda = self.plan.config, torch.cuda.is_available()
        ours: dict[str, Any] = {
            "output_dir": str(self.folder / "incoming"),
            "max_steps": steps,
            "per_device_train_batch_size": self.rows_per_device,
            "per_device_eval_batch_size": self.rows_per_device,
            "gradient_accumulation_steps": 1,
            "learning_rate": self.learning_rate,
            "lr_scheduler_type": "cosine",
            "warmup_steps": min(config.warmup_steps, int(WARMUP_SHARE * steps)),
            "weight_decay": config.weight_decay,
            "max_grad_norm": MAX_GRADIENT_NORM,
            "seed": config.seed,
            "bf16": cuda and torch.cuda.is_bf16_supported(),
            "use_cpu": not cuda,
            # Over split parameters it is FSDP that computes again: see `command.accelerate_settings`.
            "activation_checkpointing": config.activation_checkpointing and config.devices.sharding == "none",
            "dataloader_pin_memory": cuda,
            "logging_steps": max(1, steps // MOST_LOGGED_STEPS),
            "logging_nan_inf_filter": False,
            "eval_strategy": "no",
            "save_strategy": "no",
            "report_to": "none",
            "disable_tqdm": True,
        }
        return cls(**(ours | more))

    def steering(self, pauses: set[int], best_by: str = EVALUATION_LOSS, patience: bool = True) -> Steering:
        """The stage's steering; `best_by` is the key, in the trainer's log, of the value whose lowest is best.

        Without `patience` the stage never stops early.
        """
        config = self.plan.config
        return Steering(
            self.folder,
            pauses,
            self.tell,
            patience=config.early_stopping_patience if patience else None,
            best_by=best_by,
            checkpoint_minutes=config.checkpoint_minutes,
        )
