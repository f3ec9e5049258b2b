"""Supervised fine-tuning: the rows' answers, word for word, by TRL's SFTTrainer without a place or a projection wasted.

The rows come as token ids (`rows.py`), packed a step at a time (`packing.py`); the output layer, the greater part of a
small model's arithmetic, is computed only where a token carries loss.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from transformers import PrinterCallback
from trl import SFTConfig, SFTTrainer

from tasks.train.classifier.examples import BlanksLast, LengthGroupedSampler
from tasks.train.history import Log
from tasks.train.language.packing import (
    IGNORED,
    PackingCollator,
    PaddingCollator,
    ShuffledSampler,
    attention_cost_of,
    keeps_rows_apart,
)
from tasks.train.language.rows import Example, examples_of, rendered_rows
from tasks.train.language.trainers import QuietTrainer, left_as_found, plain_network
from tasks.train.language.work import StageWork
from tasks.train.stage_kinds import SftStage
from tasks.train.steering import load_weights, train_to_the_end

Batch = dict[str, Any]


def run_sft(work: StageWork) -> Log:
    """Train `work.network` on the rows' answers, and leave the weights of the best evaluation in it.

    Returns the trainer's log, whose `eval_loss` is the mean cross-entropy of the validation split in nats a token.
    """
    schedule = work.schedule(len(work.rows["train"]))
    steering = work.steering(schedule.pauses)
    with left_as_found(work.network):
        trainer = make_trainer(work, schedule.steps)
        trainer.add_callback(steering)
        try:
            log = train_to_the_end(trainer, steering)
        finally:
            trainer.hook.remove()
    load_weights(work.network, steering.best(log))
    return log


def make_trainer(work: StageWork, steps: int) -> AnswerTrainer:
    """TRL's trainer with our rows, batches, order and loss."""
    rows_at_once = work.rows_per_device // work.passes_per_step
    blanks = _blanks(work, len(work.rows["train"]), work.batch_size)
    arguments = work.arguments(
        SFTConfig,
        steps,
        max_length=None,
        gradient_accumulation_steps=work.passes_per_step,
        per_device_train_batch_size=rows_at_once,
        per_device_eval_batch_size=rows_at_once,
        label_smoothing_factor=work.plan.config.label_smoothing,
        dataset_kwargs={"skip_prepare_dataset": True},
    )
    trainer = AnswerTrainer(
        model=work.network,
        args=arguments,
        data_collator=collator_of(work),
        train_dataset=as_dataset(read_examples(work, "train") + blanks),
        eval_dataset=as_dataset(_shared_evenly(work, read_examples(work, "validation"), rows_at_once)),
        processing_class=work.tokenizer,
    )
    trainer.blanks = len(blanks)
    trainer.remove_callback(PrinterCallback)
    return trainer


def read_examples(work: StageWork, split: str) -> list[Example]:
    """The rows of a split as token ids, marked as the stage says (`loss_on`); each split is tokenised once."""
    loss_on = work.stage.loss_on if isinstance(work.stage, SftStage) else "answer"
    if (split, loss_on) not in work.tokenised:
        rendered = list(rendered_rows(work.rows[split], work.tokenizer, work.plan.task))
        eos = work.network.generation_config.eos_token_id
        examples = examples_of(rendered, work.tokenizer, eos, work.plan.config.max_tokens, loss_on)
        work.tokenised[split, loss_on] = examples
    return work.tokenised[split, loss_on]


def collator_of(work: StageWork) -> PackingCollator | PaddingCollator:
    """How rows become a batch: packed where the stage asks for it and the network keeps packed rows apart."""
    pad_id = work.tokenizer.pad_token_id
    if not getattr(work.stage, "packing", True):
        return PaddingCollator(pad_id)
    if keeps_rows_apart(work.network):
        return PackingCollator(pad_id, attention_cost_of(work.network))
    work.tell(
        "note",
        message=f"{work.network.config.model_type} lets packed rows see each other (a state or its positions run on "
        "from row to row), so rows are not packed: batches hold rows of like length instead",
    )
    return PaddingCollator(pad_id)


def as_dataset(examples: list[Example]) -> Dataset:
    """Token ids and labels, as TRL takes them, and the rows' ids, by which a row that does harm is named."""
    return Dataset.from_dict(
        {
            "id": [example.id for example in examples],
            "input_ids": [example.ids for example in examples],
            "labels": [np.where(example.supervised, example.ids, IGNORED) for example in examples],
        }
    ).with_format("numpy")


def _shared_evenly(work: StageWork, examples: list[Example], rows_at_once: int) -> list[Example]:
    """Examples by length, and before them as many without loss as it takes for every process to get like batches.

    The library would have some rows scored twice instead.
    """
    blanks = _blanks(work, len(examples), work.plan.config.devices.processes * rows_at_once)
    return blanks + sorted(examples, key=len)


def _blanks(work: StageWork, rows: int, batch_size: int) -> list[Example]:
    """Examples without loss and without a name, for several processes: they make `rows` a multiple of the batch."""
    missing = -rows % batch_size if work.plan.config.devices.processes > 1 else 0
    ids = np.full(1, work.tokenizer.pad_token_id, np.int32)
    return [Example("", ids, np.zeros(1, np.bool_), ends=False, cut=False)] * missing


class AnswerTrainer(QuietTrainer, SFTTrainer):  # type: ignore[misc]
    """TRL's trainer with our order of rows, an output layer only where there is loss, and a true validation loss."""

    def __init__(self, **everything: Any) -> None:
        self.blanks = 0
        """Examples without loss at the end of the training set."""
        self.places: torch.Tensor | None = None
        self.scored = torch.zeros(2, dtype=torch.float64)
        self._total_train_tokens = 0.0
        super().__init__(**everything)
        self.hook = plain_network(self.model).base_model.register_forward_hook(self._only_where_there_is_loss)

    def compute_loss(
        self, model: Any, inputs: Batch, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """TRL's loss over the places that carry any: mean cross-entropy in nats a token."""
        tokens = int(inputs.pop("tokens"))
        shifted = torch.nn.functional.pad(inputs["labels"][:, 1:], (0, 1), value=IGNORED)
        counted: float = self._total_train_tokens
        places = shifted != IGNORED
        count = int(places.sum())
        if count and not self.args.label_smoothing_factor:
            self.places, inputs["shift_labels"] = places, shifted[places][None]
        try:
            loss = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        finally:
            self.places = None
        if model.training:
            self._total_train_tokens = counted + tokens
            self._metrics["train"]["num_tokens"] = [self._total_train_tokens]
        else:
            self.scored += torch.tensor([float(loss) * count, count], dtype=torch.float64)
        return loss

    def _only_where_there_is_loss(self, module: Any, inputs: Any, outputs: Any) -> Any:
        """Leave only the places that carry loss in the hidden states, of shape (1, places, width)."""
        if self.places is not None:
            outputs["last_hidden_state"] = outputs.last_hidden_state[self.places][None]
        return outputs

    def evaluate(self, *wanted: Any, **named: Any) -> dict[str, float]:
        """The library averages batches; this is the mean over all tokens, whatever the batches."""
        self.scored = torch.zeros(2, dtype=torch.float64)
        return dict(super().evaluate(*wanted, **named))

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """The library's log, with the true validation loss in it."""
        if "eval_loss" in logs:
            total = self.accelerator.reduce(self.scored.to(self.accelerator.device), reduction="sum")
            logs["eval_loss"] = float(total[0] / total[1])
            logs["eval_perplexity"] = math.exp(min(logs["eval_loss"], 700.0))
        super().log(logs, start_time)

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        every = self.train_dataset if train_dataset is None else train_dataset
        rows = every.select(range(len(every) - self.blanks))
        if isinstance(self.data_collator, PackingCollator):
            return BlanksLast(ShuffledSampler(len(rows), self.args.seed), self.blanks)
        # The rows of a step are grouped, over all processes and passes, so that a step is the same on any number.
        rows_a_step = self.args.train_batch_size * self.args.gradient_accumulation_steps * self.args.world_size
        return BlanksLast(LengthGroupedSampler(list(rows), rows_a_step, self.args.seed), self.blanks)
