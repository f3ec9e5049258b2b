"""The training itself, in the training process: base model in, best model out, resumable at every evaluation."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from transformers import PrinterCallback, Trainer, TrainingArguments, set_seed

from tasks.models.trained_logits import rows_to_ask, write_trained_logits
from tasks.train.classifier.adversarial import Adversary
from tasks.train.classifier.distil import TEACHER, TeacherCollator, add_teacher, distilled, only_stage
from tasks.train.classifier.examples import (
    IGNORED,
    WEIGHTS,
    BlanksLast,
    Example,
    LengthGroupedSampler,
    blanks_for,
    by_length,
    logits_of,
    read_examples,
)
from tasks.train.classifier.group_weights import weigh_groups
from tasks.train.classifier.head_start import HEAD, start_head
from tasks.train.classifier.network import BaseModel, load_base_model
from tasks.train.classifier.outcome import write_outcome
from tasks.train.config import TrainingConfig
from tasks.train.history import LOSS
from tasks.train.plan import RunPlan
from tasks.train.ranks import first_goes_ahead, is_first
from tasks.train.sharding import to_be_trained
from tasks.train.stage_kinds import ClassifyStage, DistilStage
from tasks.train.steering import Steering, Tell, evaluation_steps, load_weights, train_to_the_end
from tasks.train.techniques.apply import apply_technique, check_recomputation, merge_adapters

MAX_GRADIENT_NORM = 1.0
EVALUATION_BATCH = 64
MOST_LOGGED_STEPS = 500
WARMUP_SHARE = 0.2
OF_A_STAGE = ("epochs", "batch_size", "learning_rate")
"""What a stage may set for itself; the rest is the section's."""


def learn(folder: Path, tell: Tell) -> dict[str, float]:
    """Train as `folder/run.json` says, write the model to `folder/model`, and return the figures of its making.

    Goes on from the newest whole checkpoint in `folder`. Raises UserInputError for what the user must mend.
    """
    plan = RunPlan.read(folder)
    stage = only_stage(plan)
    own = {name: value for name in OF_A_STAGE if (value := getattr(stage, name)) is not None}
    plan = plan.model_copy(update={"config": plan.config.model_copy(update=own)})
    set_seed(plan.config.seed)
    base = load_base_model(plan)
    check_recomputation(base.network, plan.config.activation_checkpointing)
    training = read_examples(plan.dataset_folder, "train", plan.labels, base.tokenizer)
    if plan.config.group_weighting == "balanced":
        weigh_groups(training, plan.dataset_folder)
    if isinstance(stage, DistilStage):
        with first_goes_ahead():
            add_teacher(training, folder, plan, stage, tell)
    if base.new_modules == [HEAD]:
        with first_goes_ahead():
            start_head(base.network, training, base.tokenizer.pad_token_id, folder, tell)
    validation = by_length(read_examples(plan.dataset_folder, "validation", plan.labels, base.tokenizer))
    batches = ({"input_ids": torch.tensor([row["input_ids"]])} for row in training)
    network = apply_technique(base.network, plan.config.technique, base.new_modules, batches)
    trainable = sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
    trained = to_be_trained(network, plan.config.devices)
    trainer, steering = make_trainer(folder, plan, base, trained, training, validation, tell)
    log = train_to_the_end(trainer, steering)
    if not is_first():
        return {}
    load_weights(network, steering.best(log))
    asked = rows_to_ask(plan.dataset_folder)
    tokens = base.tokenizer(list(asked["text"]), truncation=True)["input_ids"]
    said = logits_of(network, tokens, EVALUATION_BATCH, base.tokenizer.pad_token_id)
    merged = merge_adapters(network)
    figures = write_outcome(folder / "model", plan, merged, base.tokenizer, validation, log)
    write_trained_logits(folder / "model", list(asked["id"]), said)
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
) -> tuple[Trainer, Steering]:
    """A trainer for the plan, and its steering, which evaluates and writes a checkpoint at the same chosen steps."""
    config = plan.config
    steps_per_epoch = math.ceil(len(training) / config.batch_size)
    steps = max(1, math.ceil(config.epochs * steps_per_epoch))
    pauses = evaluation_steps(steps, steps_per_epoch, config.evaluations_per_epoch)
    arguments = training_arguments(folder, config, steps)
    blanks = blanks_for(training, config.batch_size, config.devices.processes, base.tokenizer.pad_token_id)
    steering = Steering(
        folder,
        pauses,
        tell,
        config.early_stopping_patience,
        checkpoint_minutes=config.checkpoint_minutes,
        loss_of_guessing=math.log(len(plan.labels)),
    )
    trainer = LengthGroupedTrainer(
        model=network,
        args=arguments,
        train_dataset=[*training, *blanks],
        eval_dataset=validation,
        data_collator=TeacherCollator(base.tokenizer.pad_token_id),
        compute_metrics=loss_and_accuracy,
        callbacks=[steering],
    )
    trainer.stage = only_stage(plan)
    if config.adversarial:
        trainer.adversary = Adversary(trainer.model, base.tokenizer, config.adversarial)
    trainer.remove_callback(PrinterCallback)
    return trainer, steering


def training_arguments(folder: Path, config: TrainingConfig, steps: int) -> TrainingArguments:
    """The library's arguments: what the config says, and nothing that reports, saves or evaluates by itself."""
    cuda, rows_per_device = torch.cuda.is_available(), config.batch_size // config.devices.processes
    return TrainingArguments(
        output_dir=str(folder / "incoming"),
        max_steps=steps,
        per_device_train_batch_size=rows_per_device,
        per_device_eval_batch_size=max(EVALUATION_BATCH, rows_per_device),
        learning_rate=config.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=min(config.warmup_steps, int(WARMUP_SHARE * steps)),
        weight_decay=config.weight_decay,
        label_smoothing_factor=config.label_smoothing,
        max_grad_norm=MAX_GRADIENT_NORM,
        activation_checkpointing=config.activation_checkpointing and config.devices.sharding == "none",
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


def loss_and_accuracy(prediction: Any) -> dict[str, float]:
    """Mean cross-entropy in nats, without label smoothing, and the share of rows that are right."""
    logits, labels = torch.from_numpy(prediction.predictions), torch.from_numpy(prediction.label_ids)
    return {
        LOSS.removeprefix("eval_"): float(torch.nn.functional.cross_entropy(logits, labels)),
        "accuracy": float((logits.argmax(dim=1) == labels).float().mean()),
    }


class LengthGroupedTrainer(Trainer):  # type: ignore[misc]
    """The library's trainer with our order of rows, and a loss that knows their weights and the teacher."""

    stage: ClassifyStage | DistilStage
    adversary: Adversary | None = None

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> torch.Tensor:
        """The library's step; with an adversary one on changed embeddings."""
        if self.adversary is None:
            loss: torch.Tensor = super().training_step(model, inputs, num_items_in_batch)
            return loss
        model.train()
        batch = self._prepare_inputs(inputs)
        return self.adversary.learn(batch, lambda: self.compute_loss(model, dict(batch)), self.accelerator.backward)

    def compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, **others: Any) -> Any:
        """The library's loss; where rows have weights, the mean of weight times cross-entropy over the batch."""
        weights, teacher = inputs.pop(WEIGHTS, None), inputs.pop(TEACHER, None)
        if weights is None and teacher is None and self.args.world_size == 1:
            return super().compute_loss(model, inputs, return_outputs=return_outputs, **others)
        real = inputs["labels"] != IGNORED
        # Of several processes' losses the mean is taken, so each divides by the rows that one has on average.
        rows = self.accelerator.reduce(real.sum().float(), reduction="mean")
        outputs = model(**{name: tensor for name, tensor in inputs.items() if name != "labels"})
        smoothing = self.args.label_smoothing_factor
        each = torch.nn.functional.cross_entropy(
            outputs.logits, inputs["labels"], reduction="none", label_smoothing=smoothing
        )
        if teacher is not None:
            each = distilled(outputs.logits, teacher, each, self.stage)
        loss = (real * (each if weights is None else weights * each)).sum() / rows
        return (loss, outputs) if return_outputs else loss

    def _get_train_sampler(self, train_dataset: Any = None) -> BlanksLast:
        every = self.train_dataset if train_dataset is None else train_dataset
        rows = [row for row in every if row["labels"] != IGNORED]
        # The rows of a step are grouped, over all processes, so that a step is the same on any number.
        rows_a_step = self.args.train_batch_size * self.args.world_size
        return BlanksLast(LengthGroupedSampler(rows, rows_a_step, self.args.seed), len(every) - len(rows))
