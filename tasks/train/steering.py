"""What every training shares, whatever is trained: pauses, sealed checkpoints, going on from them, stopping early."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import Trainer, TrainerCallback

from tasks.errors import UserInputError
from tasks.train.checkpoints import PREFIX, keep_only, newest_whole, seal
from tasks.train.history import LOSS, Log, best_step, exhausted

Tell = Callable[..., None]
"""Called with the event's name and its content; see tasks.train.run."""


def evaluation_steps(steps: int, steps_per_epoch: int, per_epoch: int) -> set[int]:
    """The steps after which the validation split is scored: evenly spaced, and the last one."""
    count = math.ceil(steps / steps_per_epoch) * per_epoch
    spaced = {max(1, round(number * steps_per_epoch / per_epoch)) for number in range(1, count + 1)}
    return {step for step in spaced if step < steps} | {steps}


def train_to_the_end(trainer: Trainer, steering: Steering) -> Log:
    """Train from the newest whole checkpoint, if there is one, and return the log of all steps."""
    shelf, tell = steering.shelf, steering.tell
    log: Log
    checkpoint = newest_whole(shelf, lambda message: tell("note", message=message))
    if checkpoint is not None:
        state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
        log = state["log_history"]
        tell("note", message=f"goes on from step {state['global_step']} of {trainer.args.max_steps}")
        if state["global_step"] >= trainer.args.max_steps or steering.exhausted(log):
            return log
    trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    log = trainer.state.log_history
    return log


def load_weights(network: Any, checkpoint: Path) -> None:
    """Put a checkpoint's weights into the network; of a network with adapters, those of the adapters."""
    if hasattr(network, "merge_and_unload"):
        from peft import load_peft_weights, set_peft_model_state_dict

        set_peft_model_state_dict(network, load_peft_weights(str(checkpoint), device="cpu"))
        return
    from safetensors.torch import load_model

    load_model(network, checkpoint / "model.safetensors", device=str(network.device))


class Steering(TrainerCallback):  # type: ignore[misc]
    """Evaluates and saves at the chosen steps, seals what was saved, stops early, and says how far it is.

    `folder` is the stage's: its checkpoints stand in `folder/checkpoints`. `pauses` are the steps after which the
    validation split is scored and a checkpoint written. `best_by` is the key, in the trainer's log, of the value whose
    lowest counts as best; training stops after `patience` evaluations without a better one.
    """

    def __init__(
        self, folder: Path, pauses: set[int], tell: Tell, patience: int | None = None, best_by: str = LOSS
    ) -> None:
        self.shelf, self.pauses, self.tell = folder / "checkpoints", pauses, tell
        self.patience, self.best_by = patience, best_by

    def best(self, log: Log) -> Path:
        """The checkpoint of the best evaluation."""
        return self.shelf / f"{PREFIX}{best_step(log, self.best_by)}"

    def exhausted(self, log: Log) -> bool:
        """Whether patience is at its end."""
        return self.patience is not None and exhausted(log, self.patience, self.best_by)

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        shutil.rmtree(args.output_dir, ignore_errors=True)
        self.tell("progress", done=state.global_step, total=state.max_steps, message="begins")

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step in self.pauses:
            control.should_log = control.should_evaluate = control.should_save = True
            # After the last step nobody goes on, so the weights alone are kept.
            args.save_only_model = state.global_step >= state.max_steps

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **_: Any) -> None:
        if not math.isfinite(logs.get("loss", 0.0)):
            raise UserInputError(
                f"the training loss is no longer a number at step {state.global_step}: lower training.learning_rate "
                f"(now {args.learning_rate:g}) or raise training.warmup_steps (now {args.warmup_steps:g})"
            )
        words = [f"epoch {state.epoch:.1f}"]
        if "loss" in logs:
            words.append(f"training loss {logs['loss']:.3f}")
        elif self.best_by in logs:
            words.append(f"validation loss {logs[self.best_by]:.3f}")
            words += [f"accuracy {logs['eval_accuracy']:.1%}"] if "eval_accuracy" in logs else []
        else:
            return
        self.tell("progress", done=state.global_step, total=state.max_steps, message=", ".join(words))

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.exhausted(state.log_history):
            control.should_training_stop = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        seal(Path(args.output_dir) / f"{PREFIX}{state.global_step}", self.shelf)
        keep_only(self.shelf, {state.global_step, best_step(state.log_history, self.best_by)})
