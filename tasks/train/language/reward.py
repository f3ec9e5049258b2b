"""The reward model: a score for an answer to a prompt, learned from preference pairs (Bradley and Terry, 1952).

It is a network of its own, with one output in place of the vocabulary, made from the same base and by the same
technique, and it ends in the stage's folder as safetensors. A later stage `rloo` or `grpo` is trained against it.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from datasets import Dataset
from transformers import AutoModelForSequenceClassification, set_seed
from trl import RewardConfig, RewardTrainer

from tasks.errors import TrainingFailed, UserInputError
from tasks.models.tokens import length_sorted_batches, pad
from tasks.train.checkpoints import is_whole, seal
from tasks.train.classifier.examples import LengthGroupedSampler
from tasks.train.history import Log
from tasks.train.language.network import weight_type
from tasks.train.language.pairs import PairCollator, answered_ids, pairs_of, sampler_by_length
from tasks.train.language.rewards import Completion, text_of
from tasks.train.language.trainers import QuietTrainer, fewest_passes
from tasks.train.language.work import StageWork
from tasks.train.ranks import is_first, wait_for_all
from tasks.train.steering import load_weights, train_to_the_end
from tasks.train.techniques.apply import apply_technique, merge_adapters
from tasks.train.techniques.qlora import quantised_loading

FOLDER = "reward-model"
HEAD = "score"
SCORED_AT_ONCE = 32


def run_reward(work: StageWork) -> Log:
    """Train a reward model on the pairs, seal it as `work.folder/reward-model`, and return the log.

    `work.network` is left alone. Raises UserInputError where the base model's architecture allows no reward model.
    """
    training, validation = pairs_of(work, "train"), pairs_of(work, "validation")
    schedule = work.schedule(len(training))
    steering = work.steering(schedule.pauses)
    network = reward_network(work, training)
    passes = fewest_passes(work.rows_per_device, 2 * work.plan.config.max_tokens)
    trainer = OrderedRewardTrainer(
        model=network,
        args=work.arguments(
            RewardConfig,
            schedule.steps,
            max_length=None,
            remove_unused_columns=False,
            gradient_accumulation_steps=passes,
            per_device_train_batch_size=work.rows_per_device // passes,
            per_device_eval_batch_size=work.rows_per_device // passes,
        ),
        train_dataset=training,
        eval_dataset=validation,
        data_collator=RewardCollator(work.tokenizer.pad_token_id),
        processing_class=work.tokenizer,
        callbacks=[steering],
    )
    log = train_to_the_end(trainer, steering)
    load_weights(network, steering.best(log))
    merged = merge_adapters(network)
    if is_first():
        _write(merged, work)
    wait_for_all()
    return log


def reward_network(work: StageWork, pairs: Dataset) -> Any:
    """The base model with one output, with the plan's technique laid on; `pairs` show where experts are needed.

    Raises UserInputError where transformers has no such form of the base model's architecture.
    """
    plan = work.plan
    set_seed(plan.config.seed)
    loading = quantised_loading(plan.config.technique)
    try:
        network = AutoModelForSequenceClassification.from_pretrained(
            plan.base_model,
            num_labels=1,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=Path(plan.base_model).is_dir(),
            dtype=weight_type(plan),
            **loading,
        )
    except ValueError as error:
        raise UserInputError(
            f"the base model {plan.config.base_model!r} cannot become a reward model "
            f"({str(error).strip().splitlines()[0][:200]}): take rewards by rules (exact_answer, json_schema) instead "
            "of the stage reward, or the stage dpo"
        ) from error
    text_config = network.config.get_text_config()
    text_config.pad_token_id = work.tokenizer.pad_token_id
    network.config.name_or_path = plan.config.base_model
    collate = RewardCollator(work.tokenizer.pad_token_id)
    batches = (collate([pairs[place]]) for place in range(len(pairs)))
    return apply_technique(network, plan.config.technique, [HEAD], batches)


class RewardCollator(PairCollator):
    """Batches of pairs as the reward model reads them: whole sequences, without a mark on the answers."""

    def __call__(self, batch: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        tensors = super().__call__(batch)
        return {name: tensors[name] for name in ("input_ids", "attention_mask")}


class OrderedRewardTrainer(QuietTrainer, RewardTrainer):  # type: ignore[misc]
    """TRL's trainer with our pairs and their order."""

    def _prepare_dataset(self, dataset: Dataset, *_: Any, **__: Any) -> Dataset:
        return dataset

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthGroupedSampler:
        pairs = self.train_dataset if train_dataset is None else train_dataset
        return sampler_by_length(pairs, self.args)

    def compute_loss(self, model: Any, inputs: dict[str, Any], *others: Any, **named: Any) -> Any:
        """TRL's loss, with the batch's size remembered in an evaluation."""
        if not model.training:
            self.count_rows(len(inputs["input_ids"]) // 2)
        return super().compute_loss(model, inputs, *others, **named)


def _write(network: Any, work: StageWork) -> None:
    aside = work.folder / "incoming" / FOLDER
    shutil.rmtree(aside, ignore_errors=True)
    network.save_pretrained(aside)
    work.tokenizer.save_pretrained(aside)
    seal(aside, work.folder)


def newest_reward_model(stage_folder: Path) -> Path:
    """The reward model of the newest stage `reward` before the one whose folder this is.

    Raises TrainingFailed where there is none, or where it was altered.
    """
    number = int(stage_folder.name.split("-")[0])
    before = [path for path in stage_folder.parent.glob("*-reward") if int(path.name.split("-")[0]) < number]
    if not before:
        raise TrainingFailed(f"no stage reward has been trained before {stage_folder.name} in {stage_folder.parent}")
    folder = max(before, key=lambda path: int(path.name.split("-")[0])) / FOLDER
    if not is_whole(folder):
        raise TrainingFailed(
            f"the reward model in {folder} is missing or was altered: remove {folder.parent}, and it is trained again"
        )
    return folder


class ModelReward:
    """The score that a reward model gives to an answer, as a reward function for TRL's trainers."""

    __name__ = "reward_model"

    def __init__(self, folder: Path, work: StageWork) -> None:
        self.work = work
        self.network = AutoModelForSequenceClassification.from_pretrained(
            folder, use_safetensors=True, trust_remote_code=False, local_files_only=True
        ).eval()

    def __call__(self, completions: Sequence[Completion], text: Sequence[str], **_: Any) -> list[float]:
        """One score a completion, without bounds; `text` holds the prompts as they are in the dataset."""
        rows = pd.DataFrame({"id": "", "text": text, "answer": [text_of(completion) for completion in completions]})
        tokens = [ids for ids, _ in answered_ids(rows, self.work, self.work.plan.task)]
        device = self.work.network.device
        self.network.to(device)
        scores = np.empty(len(tokens))
        with torch.inference_mode():
            for batch in length_sorted_batches(tokens, SCORED_AT_ONCE):
                arrays = pad([tokens[row] for row in batch], self.work.tokenizer.pad_token_id)
                ids, mask = (torch.from_numpy(array).to(device) for array in arrays)
                scores[batch] = self.network(input_ids=ids, attention_mask=mask).logits[:, 0].float().cpu().numpy()
        return [float(score) for score in scores]
