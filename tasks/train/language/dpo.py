"""Direct preference optimisation (arXiv:2305.18290): straight after supervised fine-tuning, with the same parameters.

The reference is the network as the stage found it. Its log-probabilities are computed once, before the first step, and
kept in the stage's folder under the digest of weights and pairs, so that a training that goes on does not pay again.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate.utils import broadcast_object_list
from datasets import Dataset
from safetensors.torch import load_file, save_file
from torch.utils.data import DataLoader
from trl import DPOConfig, DPOTrainer

from tasks.errors import TrainingFailed
from tasks.train.classifier.examples import LengthGroupedSampler
from tasks.train.history import Log
from tasks.train.language.pairs import PairCollator, longest_sides, pairs_of, sampler_by_length
from tasks.train.language.trainers import QuietTrainer, fewest_passes, frozen_copy, left_as_found, plain_network
from tasks.train.language.work import StageWork
from tasks.train.stage_kinds import DpoStage
from tasks.train.steering import load_weights, train_to_the_end

REFERENCE = ("ref_chosen_logps", "ref_rejected_logps")


def run_dpo(work: StageWork) -> Log:
    """Train `work.network` on the pairs, leave the best weights in it, and return the log."""
    training, validation = pairs_of(work, "train"), pairs_of(work, "validation")
    schedule = work.schedule(len(training))
    steering = work.steering(schedule.pauses)
    with left_as_found(work.network):
        trainer = make_trainer(work, training, validation, schedule.steps)
        trainer.add_callback(steering)
        log = train_to_the_end(trainer, steering)
    load_weights(work.network, steering.best(log))
    return log


def make_trainer(work: StageWork, training: Dataset, validation: Dataset, steps: int) -> ReferencedTrainer:
    """TRL's trainer with our pairs, order and reference."""
    stage = work.stage
    if not isinstance(stage, DpoStage):
        raise TypeError(f"run_dpo runs a stage dpo, not {stage.kind}")
    sharded = work.plan.config.devices.sharding == "full"
    wrapped = plain_network(work.network) is not work.network
    # Without adapters TRL lets the network itself be the reference before its first step, which needs no copy; where
    # the parameters are about to be split over devices, it would load the bare base model instead.
    reference = plain_network(frozen_copy(work.network, share=not sharded)) if sharded or wrapped else None
    passes = fewest_passes(work.rows_per_device, 2 * work.plan.config.max_tokens)
    arguments = work.arguments(
        DPOConfig,
        steps,
        gradient_accumulation_steps=passes,
        per_device_train_batch_size=work.rows_per_device // passes,
        per_device_eval_batch_size=work.rows_per_device // passes,
        beta=stage.beta,
        label_smoothing=stage.label_smoothing,
        precompute_ref_log_probs=True,
        max_length=None,
        remove_unused_columns=False,
    )
    return ReferencedTrainer(
        kept=work.folder / "reference",
        model=work.network,
        ref_model=reference,
        args=arguments,
        train_dataset=training,
        eval_dataset=validation,
        data_collator=PairCollator(work.tokenizer.pad_token_id),
        processing_class=work.tokenizer,
    )


class ReferencedTrainer(QuietTrainer, DPOTrainer):  # type: ignore[misc]
    """TRL's trainer on pairs of token ids, with reference log-probabilities that are kept in the folder `kept`."""

    def __init__(self, kept: Path, **others: Any) -> None:
        self.kept = kept
        super().__init__(**others)
        self.ref_model = None

    def _prepare_dataset(self, dataset: Dataset, *_: Any, **__: Any) -> Dataset:
        return dataset

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthGroupedSampler:
        pairs = self.train_dataset if train_dataset is None else train_dataset
        return sampler_by_length(pairs, self.args)

    def _compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool) -> Any:
        if not model.training:
            self.count_rows(len(inputs["input_ids"]) // 2)
        return super()._compute_loss(model, inputs, return_outputs)

    def _precompute_ref_logps(self, dataset: Dataset, name: str, batch_size: int) -> Dataset:
        sides = {side: dataset[f"{side}_ids"][:] for side in ("chosen", "rejected")}
        content = hashlib.sha256(json.dumps([self._precompute_model_hash, sides]).encode()).hexdigest()
        path = self.kept / f"{name}-{content[:32]}.safetensors"
        known = [path.is_file()]
        broadcast_object_list(known, from_process=0)
        if not known[0]:
            found = self._reference_of(dataset, batch_size)
            if self.accelerator.is_main_process:
                _write(path, dict(zip(REFERENCE, found, strict=True)))
            self.accelerator.wait_for_everyone()
        columns = load_file(path)
        if any(len(columns[column]) != len(dataset) for column in REFERENCE):
            raise TrainingFailed(f"{path} does not hold one value a pair: remove it, and it is computed again")
        for column in REFERENCE:
            dataset = dataset.add_column(column, columns[column].tolist())
        return dataset

    def _reference_of(self, dataset: Dataset, batch_size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Sums of log-probabilities, in nats, of each pair's chosen and rejected answer under the reference."""
        order = np.argsort(longest_sides(dataset), kind="stable")
        loader = self.accelerator.prepare(
            DataLoader(dataset.select(order), batch_size=batch_size, collate_fn=self.data_collator)
        )
        reference = self.ref_model or self.model
        training = reference.training
        reference.eval()
        found = [
            torch.stack(self.accelerator.gather_for_metrics(self.compute_ref_log_probs(reference, batch))).cpu()
            for batch in loader
        ]
        reference.train(training)
        back = torch.from_numpy(np.argsort(order))
        chosen, rejected = torch.cat(found, dim=1).float()[:, back]
        return chosen.contiguous(), rejected.contiguous()


def _write(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Write aside, sync and rename, so that the file is whole or does not exist."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".incoming")
    save_file(tensors, aside)
    with aside.open("rb") as file:
        os.fsync(file.fileno())
    aside.replace(path)
