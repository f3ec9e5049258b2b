"""The training itself, in the training process: base model in, best model out, resumable at every evaluation."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments, set_seed

from tasks.errors import UserInputError
from tasks.train.checkpoints import PREFIX, keep_only, newest_whole, seal
from tasks.train.config import TrainingConfig
from tasks.train.examples import WEIGHTS, Collator, Example, LengthGroupedSampler, by_length, read_examples
from tasks.train.history import LOSS, Log, best_step, exhausted
from tasks.train.network import BaseModel, load_base_model
from tasks.train.outcome import write_outcome
from tasks.train.plan import RunPlan
from tasks.train.techniques import apply_technique, merge_adapters

MAX_GRADIENT_NORM = 1.0
EVALUATION_BATCH = 64
MOST_LOGGED_STEPS = 500
WARMUP_SHARE = 0.2

Tell = Callable[..., None]


def learn(folder: Path, tell: Tell) -> dict[str, float]:
    """Train as `folder/run.json` says, write the model to `folder/model`, and return the figures of its making.

    Goes on from the newest whole checkpoint in `folder`. Raises UserInputError for what the user must mend.
    """
    plan = RunPlan.read(folder)
    set_seed(plan.config.seed)
    base = load_base_model(plan)
    training = read_examples(plan.dataset_folder, "train", plan.labels, base.tokenizer)
    validation = by_length(read_examples(plan.dataset_folder, "validation", plan.labels, base.tokenizer))
    network = apply_technique(base.network, plan.config.technique, base.new_modules)
    trainable = sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
    trainer = make_trainer(folder, plan, base, network, training, validation, tell)
    log = train_to_the_end(trainer, folder / "checkpoints", plan.config, tell)
    load_weights(network, folder / "checkpoints" / f"{PREFIX}{best_step(log)}")
    merged = merge_adapters(network)
    figures = write_outcome(folder / "model", plan, merged, base.tokenizer, validation, log)
    parameters = sum(parameter.numel() for parameter in merged.parameters())
    return {**figures, "parameters": float(parameters), "trainable_parameters": float(trainable)}


def make_trainer(
    folder: Path,
    plan: RunPlan,
    base: BaseModel,
    network: Any,
    training: list[Example],
    validation: list[Example],
    tell: Tell,
) -> Trainer:
    """A trainer for the plan, which evaluates and writes a checkpoint at the same chosen steps."""
    config = plan.config
    steps_per_epoch = math.ceil(len(training) / config.batch_size)
    steps = max(1, math.ceil(config.epochs * steps_per_epoch))
    pauses = evaluation_steps(steps, steps_per_epoch, config.evaluations_per_epoch)
    arguments = training_arguments(folder, config, steps)
    trainer = LengthGroupedTrainer(
        model=network,
        args=arguments,
        train_dataset=training,
        eval_dataset=validation,
        data_collator=Collator(base.tokenizer.pad_token_id),
        compute_metrics=loss_and_accuracy,
        callbacks=[Steering(folder, config, pauses, tell)],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def training_arguments(folder: Path, config: TrainingConfig, steps: int) -> TrainingArguments:
    """The library's arguments: what the config says, and nothing that reports, saves or evaluates by itself."""
    cuda = torch.cuda.is_available()
    return TrainingArguments(
        output_dir=str(folder / "incoming"),
        max_steps=steps,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=max(EVALUATION_BATCH, config.batch_size),
        learning_rate=config.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=min(config.warmup_steps, int(WARMUP_SHARE * steps)),
        weight_decay=config.weight_decay,
        label_smoothing_factor=config.label_smoothing,
        max_grad_norm=MAX_GRADIENT_NORM,
        seed=config.seed,
        bf16=cuda and torch.cuda.is_bf16_supported(),
        use_cpu=not cuda,
        dataloader_pin_memory=cuda,
        logging_steps=max(1, steps // MOST_LOGGED_STEPS),
        logging_nan_inf_filter=False,
        eval_strategy="no",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
    )


def evaluation_steps(steps: int, steps_per_epoch: int, per_epoch: int) -> set[int]:
    """The steps after which the validation split is scored: evenly spaced, and the last one."""
    count = math.ceil(steps / steps_per_epoch) * per_epoch
    spaced = {max(1, round(number * steps_per_epoch / per_epoch)) for number in range(1, count + 1)}
    return {step for step in spaced if step < steps} | {steps}


def train_to_the_end(trainer: Trainer, shelf: Path, config: TrainingConfig, tell: Tell) -> Log:
    """Train from the newest whole checkpoint, if there is one, and return the log of all steps."""
    log: Log
    checkpoint = newest_whole(shelf, lambda message: tell("note", message=message))
    if checkpoint is not None:
        state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
        log = state["log_history"]
        tell("note", message=f"goes on from step {state['global_step']} of {trainer.args.max_steps}")
        if state["global_step"] >= trainer.args.max_steps or exhausted(log, config.early_stopping_patience):
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


def loss_and_accuracy(prediction: Any) -> dict[str, float]:
    """Mean cross-entropy in nats, without label smoothing, and the share of rows that are right."""
    logits, labels = torch.from_numpy(prediction.predictions), torch.from_numpy(prediction.label_ids)
    return {
        LOSS.removeprefix("eval_"): float(torch.nn.functional.cross_entropy(logits, labels)),
        "accuracy": float((logits.argmax(dim=1) == labels).float().mean()),
    }


class LengthGroupedTrainer(Trainer):  # type: ignore[misc]
    """The library's trainer with our order of rows, and a loss that knows their weights."""

    def compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, **others: Any) -> Any:
        """The library's loss; where rows have weights, the mean of weight times cross-entropy over the batch."""
        weights = inputs.pop(WEIGHTS, None)
        if weights is None:
            return super().compute_loss(model, inputs, return_outputs=return_outputs, **others)
        outputs = model(**{name: tensor for name, tensor in inputs.items() if name != "labels"})
        smoothing = self.args.label_smoothing_factor
        each = torch.nn.functional.cross_entropy(
            outputs.logits, inputs["labels"], reduction="none", label_smoothing=smoothing
        )
        loss = (weights * each).mean()
        return (loss, outputs) if return_outputs else loss

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthGroupedSampler:
        rows = self.train_dataset if train_dataset is None else train_dataset
        return LengthGroupedSampler(rows, self.args.train_batch_size, self.args.seed)


class Steering(TrainerCallback):  # type: ignore[misc]
    """Evaluates and saves at the chosen steps, seals what was saved, stops early, and says how far it is."""

    def __init__(self, folder: Path, config: TrainingConfig, pauses: set[int], tell: Tell) -> None:
        self.folder, self.config, self.pauses, self.tell = folder, config, pauses, tell

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
                f"(now {self.config.learning_rate:g}) or raise training.warmup_steps (now {self.config.warmup_steps})"
            )
        words = [f"epoch {state.epoch:.1f} of {self.config.epochs:g}"]
        if "loss" in logs:
            words.append(f"training loss {logs['loss']:.3f}")
        elif LOSS in logs:
            words.append(f"validation loss {logs[LOSS]:.3f}, accuracy {logs['eval_accuracy']:.1%}")
        else:
            return
        self.tell("progress", done=state.global_step, total=state.max_steps, message=", ".join(words))

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if exhausted(state.log_history, self.config.early_stopping_patience):
            control.should_training_stop = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        shelf = self.folder / "checkpoints"
        seal(Path(args.output_dir) / f"{PREFIX}{state.global_step}", shelf)
        keep_only(shelf, {state.global_step, best_step(state.log_history)})
