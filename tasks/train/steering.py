"""What every training shares, whatever is trained: pauses, sealed checkpoints, going on from them, stopping early."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel, Trainer, TrainerCallback

from tasks.errors import TrainingFailed, UserInputError
from tasks.train.checkpoints import PREFIX, is_whole, newest_whole
from tasks.train.disk import explained_writing
from tasks.train.guard import Guard, Step, StepNumbers
from tasks.train.history import LOSS, Log, best_step, evaluations, exhausted
from tasks.train.order import StepRows
from tasks.train.pace import Pace, steps_before
from tasks.train.ranks import as_the_first, is_first, processes, wait_for_all
from tasks.train.sealing import Sealer
from tasks.train.sharding import whole
from tasks.train.stopping import GRACE_SECONDS, STOP, Stopped
from tasks.train.unlogged import read_unlogged, write_unlogged

CHECKPOINT_MINUTES = 10.0
Tell = Callable[..., None]
"""Called with the event's name and its content; see tasks.train.run."""


def evaluation_steps(steps: int, steps_per_epoch: int, per_epoch: int) -> set[int]:
    """The steps after which the validation split is scored: evenly spaced, and the last one."""
    count = math.ceil(steps / steps_per_epoch) * per_epoch
    spaced = {max(1, round(number * steps_per_epoch / per_epoch)) for number in range(1, count + 1)}
    return {step for step in spaced if step < steps} | {steps}


def train_to_the_end(trainer: Trainer, steering: Steering) -> Log:
    """Train from the newest whole checkpoint, if there is one, and return the log of all steps.

    Raises UserInputError where the loss is no longer a number or has exploded, TrainingFailed where a checkpoint cannot
    be written, and Stopped where the process was told to stop.
    """
    with steering.of(trainer), own_names(trainer.model):
        checkpoint = steering.newest()
        if checkpoint is not None:
            state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
            log = _in_order(state["log_history"])
            steering.tell("note", message=f"goes on from step {state['global_step']} of {trainer.args.max_steps}")
            if state["global_step"] >= trainer.args.max_steps or steering.exhausted(log):
                return log
        trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    # The first process alone knows that every checkpoint is sealed.
    wait_for_all()
    if steering.stopped_at is not None:
        raise Stopped(f"it was told to stop (SIGTERM) and ended after step {steering.stopped_at}")
    return _in_order(trainer.state.log_history)


@contextmanager
def own_names(network: Any) -> Iterator[None]:
    """Let checkpoints hold a network's weights under its own names.

    transformers writes them as the hub has them, which for a mixture of experts is one matrix an expert; its trainer,
    going on from such a checkpoint, would leave the experts as they were before the training and say nothing.
    """
    if isinstance(network, PreTrainedModel):
        network.save_pretrained = partial(network.save_pretrained, save_original_format=False)
    try:
        yield
    finally:
        network.__dict__.pop("save_pretrained", None)


def _in_order(log: Log) -> Log:
    """The entries with their keys sorted, as those that come out of a checkpoint are."""
    return [dict(sorted(entry.items())) for entry in log]


def load_weights(network: Any, checkpoint: Path) -> None:
    """Put a checkpoint's weights into the network; of a network with adapters, those of the adapters.

    Those of a copy that was split over devices, in which tied ones have both names, are put into the whole network.
    """
    split, network = network, whole(network)
    if hasattr(network, "merge_and_unload"):
        from peft import load_peft_weights, set_peft_model_state_dict

        set_peft_model_state_dict(network, load_peft_weights(str(checkpoint), device="cpu"))
        return
    from safetensors.torch import load_model

    load_model(network, checkpoint / "model.safetensors", strict=split is network, device=str(network.device))


class Steering(TrainerCallback):  # type: ignore[misc]
    """Evaluates and saves at the chosen steps, seals what was saved, stops early, and says how far it is.

    `folder` is the stage's: its checkpoints stand in `folder/checkpoints`. `pauses` are the steps after which the
    validation split is scored and a checkpoint written. `best_by` is the key, in the trainer's log, of the value whose
    lowest counts as best; training stops after `patience` evaluations without a better one. Between pauses checkpoints
    are sealed at most `checkpoint_minutes` apart, at steps that are logged anyway, so that the clock changes nothing
    that is kept; where a logged step is rarer than that, at each of them. `loss_of_guessing`, in the trainer's unit, is
    what no loss below it can have exploded to.
    """

    def __init__(
        self,
        folder: Path,
        pauses: set[int],
        tell: Tell,
        patience: int | None = None,
        best_by: str = LOSS,
        checkpoint_minutes: float = CHECKPOINT_MINUTES,
        loss_of_guessing: float = 0.0,
    ) -> None:
        self.shelf, self.pauses, self.patience, self.best_by = folder / "checkpoints", pauses, patience, best_by
        self.tell: Tell = tell if is_first() else _silence
        self.folder, self.checkpoint_seconds = folder, checkpoint_minutes * 60
        self.loss_of_guessing = loss_of_guessing
        self.stopped_at: int | None = None
        self.longest_stop_seconds = 0.0
        """The longest time that the steps stood still for a checkpoint."""
        self._saved_at = self._logged_at = 0.0
        self._resumed: Path | None = None

    @contextmanager
    def of(self, trainer: Trainer) -> Iterator[None]:
        """Steer `trainer` in the block; at its end every checkpoint is sealed."""
        self.trainer, self.rows, self.numbers = trainer, StepRows(trainer), StepNumbers(trainer)
        self.pace = Pace(trainer, processes(), steps_before(self.folder))
        self.guard = Guard(trainer.args.max_grad_norm or 0.0, self.loss_of_guessing)
        save = trainer._save_checkpoint

        def save_explained(*arguments: Any, **options: Any) -> None:
            start = time.monotonic()
            with explained_writing(self._aside, self._checkpoint_bytes):
                save(*arguments, **options)
            self.longest_stop_seconds = max(self.longest_stop_seconds, time.monotonic() - start)

        trainer._save_checkpoint = save_explained
        with Sealer(self.shelf) as self.sealer, STOP.heeding():
            yield

    def newest(self) -> Path | None:
        """The newest whole checkpoint, as the first process finds it."""
        found = newest_whole(self.shelf, lambda message: self.tell("note", message=message)) if is_first() else None
        self._resumed = as_the_first(found)
        return self._resumed

    def best(self, log: Log) -> Path:
        """The checkpoint of the best evaluation. Raises TrainingFailed where it is missing or damaged."""
        folder = self.shelf / f"{PREFIX}{best_step(log, self.best_by)}"
        if not is_whole(folder):
            raise TrainingFailed(f"the best checkpoint, {folder}, is damaged: remove {self.shelf.parent} and run again")
        return folder

    def exhausted(self, log: Log) -> bool:
        """Whether patience is at its end."""
        return self.patience is not None and exhausted(log, self.patience, self.best_by)

    @property
    def tokens_per_second(self) -> float | None:
        """Tokens a second of the steps done here; None where none were, or where batches hold no tokens."""
        return self.pace.tokens_per_second

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if is_first():
            shutil.rmtree(args.output_dir, ignore_errors=True)
        if self._resumed is not None:
            read_unlogged(self.trainer, self._resumed)
        self._saved_at = self._logged_at = time.monotonic()
        self.pace.begin(state.global_step)
        self.tell("progress", done=state.global_step, total=state.max_steps, message="begins")

    def on_epoch_begin(self, args: Any, state: Any, control: Any, train_dataloader: Any = None, **_: Any) -> None:
        self.rows.begin_epoch(state.global_step, train_dataloader)

    def on_step_end(self, args: Any, state: Any, control: Any, train_dataloader: Any = None, **_: Any) -> None:
        step = state.global_step
        if step in self.pauses:
            control.should_log = control.should_evaluate = control.should_save = True
            # After the last step nobody goes on, so the weights alone are kept.
            args.save_only_model = step >= state.max_steps
        elif control.should_log and self._checkpoint_is_due():
            control.should_save = True
        if self._told_to_stop(control):
            self._stop(step, control)
        # Nothing unsound may become a checkpoint, so before one every number is waited for.
        for numbers in self.numbers.ready(step, wait=control.should_save or step >= state.max_steps):
            self._judge(numbers, args, train_dataloader)
        self.sealer.check()
        if control.should_save:
            start = time.monotonic()
            self.sealer.wait()
            self.longest_stop_seconds = max(self.longest_stop_seconds, time.monotonic() - start)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **_: Any) -> None:
        if "loss" in logs or self.best_by in logs:
            step, steps = state.global_step, state.max_steps
            self.tell("progress", **self.pace.event(self.best_by, logs, state.epoch, step, steps))

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.exhausted(state.log_history):
            control.should_training_stop = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        with explained_writing(self._aside, self._checkpoint_bytes):
            write_unlogged(self.trainer, self._aside)
        wait_for_all()
        self._saved_at = time.monotonic()
        if is_first():
            scored = evaluations(state.log_history, self.best_by)
            self.sealer.seal(self._aside, best_step(state.log_history, self.best_by) if scored else None)

    @property
    def _aside(self) -> Path:
        return Path(self.trainer.args.output_dir) / f"{PREFIX}{self.trainer.state.global_step}"

    def _checkpoint_is_due(self) -> bool:
        """Whether a checkpoint that is begun at the next logged step would be sealed too late."""
        now = time.monotonic()
        sealed_after = (now - self._logged_at) + self.longest_stop_seconds + self.sealer.newest_seconds
        due = now - self._saved_at + sealed_after > self.checkpoint_seconds
        self._logged_at = now
        return as_the_first(due)

    def _told_to_stop(self, control: Any) -> bool:
        # Several processes must stop at the same step, and agreeing on one is not free.
        return as_the_first(STOP.heard) if processes() == 1 or control.should_log else False

    def _stop(self, step: int, control: Any) -> None:
        """End after this step, with a checkpoint where that is quick."""
        self.stopped_at, control.should_training_stop = step, True
        if step in self.pauses:
            # Its evaluation may take long, and without it the step would be another one.
            control.should_log = control.should_evaluate = control.should_save = False
        elif as_the_first(self.longest_stop_seconds + self.sealer.newest_seconds < GRACE_SECONDS):
            control.should_save = True

    def _judge(self, step: Step, args: Any, loader: Any) -> None:
        wrong = self.guard.judge(step)
        if wrong is None:
            return
        raise UserInputError(
            f"{wrong}: lower training.learning_rate (now {args.learning_rate:g}) or raise training.warmup_steps (now "
            f"{args.warmup_steps:g}). Loss {step.loss:.4g}, gradient norm {step.norm:.4g}; {self.guard.before()}. If "
            f"that does not help, look at the rows of step {step.number}: {self.rows.in_words(step.number, loader)}"
        )

    def _checkpoint_bytes(self) -> int:
        """Size of a whole checkpoint: what is saved of the weights, and the optimiser's state."""
        saved = [p for p in self.trainer.model.parameters() if p.requires_grad or not _has_adapters(self.trainer.model)]
        state = self.trainer.optimizer.state.values()
        tensors = [*saved, *(t for values in state for t in values.values() if hasattr(t, "numel"))]
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _has_adapters(model: Any) -> bool:
    return hasattr(model, "peft_config")


def _silence(*_: Any, **__: Any) -> None:
    """What the other processes say."""
