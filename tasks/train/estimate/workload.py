"""What a stage works through: its rows tokenised as training will, in the batches that training will make of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from tasks.train.classifier.examples import Collator, LengthGroupedSampler, read_examples
from tasks.train.estimate.steps import Batch
from tasks.train.language.packing import IGNORED, PackingCollator, PaddingCollator, ShuffledSampler, attention_cost_of
from tasks.train.language.pairs import PairCollator, pairs_of, sampler_by_length
from tasks.train.language.sft import as_dataset
from tasks.train.language.sft import read_examples as read_answers
from tasks.train.language.trainers import fewest_passes
from tasks.train.language.work import StageWork
from tasks.train.plan import RunPlan
from tasks.train.stage_kinds import AnyStage, GrpoStage, RlooStage, SftStage

MOST_BATCHES = 1000
"""Batches whose shapes are looked at; where there are more, the others are taken to be like them."""
Shape = tuple[int, int]
"""Sequences, and tokens of the longest with what pads the others."""


@dataclass(frozen=True)
class Workload:
    """The batches of one stage, on one device."""

    rows: int
    tokens_per_epoch: int
    """Tokens of the rows, without padding."""
    epochs: float
    steps: int
    passes: int
    """Forward and backward passes of a step."""
    shapes: Counter[Shape]
    """Shapes of the batches that were looked at."""
    places_per_token: float
    """Tokens that carry loss, as a share of the rows' tokens."""
    largest: Batch
    """The batch that needs the most memory."""
    samples: list[Batch]
    """A few batches, spread over all."""

    @property
    def passes_in_all(self) -> int:
        """Forward and backward passes of the whole stage."""
        return self.steps * self.passes

    @property
    def largest_shape(self) -> Shape:
        """Shape of `largest`."""
        sequences, width = self.largest["input_ids"].shape
        return int(sequences), int(width)

    @property
    def padded_tokens(self) -> float:
        """Tokens that the whole stage computes, padding included."""
        seen = sum(sequences * width * times for (sequences, width), times in self.shapes.items())
        return seen * self.passes_in_all / self.shapes.total()


def classifier_workload(plan: RunPlan, stage: AnyStage, tokenizer: Any) -> Workload:
    """The very batches that a classifier will see, in the order that follows from the seed."""
    examples = read_examples(plan.dataset_folder, "train", plan.labels, tokenizer)
    for example in examples:
        example.pop("weight", None)
    size = (stage.batch_size or plan.config.batch_size) // plan.config.devices.processes
    sampler = LengthGroupedSampler(examples, max(1, size), plan.config.seed)
    collate = Collator(tokenizer.pad_token_id)
    return _looked_at(
        plan,
        stage,
        groups=_groups(sampler, max(1, size)),
        collate=lambda group: collate([examples[row] for row in group]),
        lengths=[len(example["input_ids"]) for example in examples],
        passes=1,
    )


def language_workload(work: StageWork, network: Any) -> Workload:
    """The batches of a stage of a language model; `network`, which may lack content, is asked for its architecture."""
    if work.stage.kind in ("dpo", "reward"):
        return _of_pairs(work)
    if isinstance(work.stage, RlooStage | GrpoStage):
        return _of_prompts(work, work.stage)
    rows = as_dataset(read_answers(work, "train"))
    pad_id = work.tokenizer.pad_token_id
    packs = isinstance(work.stage, SftStage) and work.stage.packing and not getattr(network, "_is_stateful", False)
    collate = PackingCollator(pad_id, attention_cost_of(network)) if packs else PaddingCollator(pad_id)
    passes = work.passes_per_step
    size = max(1, work.rows_per_device // passes)
    seed = work.plan.config.seed
    together = size * passes * work.plan.config.devices.processes
    sampler: Any = ShuffledSampler(len(rows), seed) if packs else LengthGroupedSampler(list(rows), together, seed)

    def batch(group: list[int]) -> Batch:
        found = collate([rows[int(row)] for row in group])
        return {name: tensor for name, tensor in found.items() if name != "tokens"}

    lengths = [len(one) for one in read_answers(work, "train")]
    return _looked_at(
        work.plan, work.stage, groups=_groups(sampler, size), collate=batch, lengths=lengths, passes=passes
    )


def _of_pairs(work: StageWork) -> Workload:
    pairs, config = pairs_of(work, "train"), work.plan.config
    passes = fewest_passes(work.rows_per_device, 2 * config.max_tokens)
    size = max(1, work.rows_per_device // passes)
    arguments = SimpleNamespace(
        train_batch_size=size,
        world_size=config.devices.processes,
        gradient_accumulation_steps=passes,
        seed=config.seed,
    )
    collate = PairCollator(work.tokenizer.pad_token_id)
    return _looked_at(
        work.plan,
        work.stage,
        groups=_groups(sampler_by_length(pairs, arguments), size),
        collate=lambda group: collate([pairs[int(row)] for row in group]),
        lengths=[len(one) + len(other) for one, other in zip(pairs["chosen_ids"], pairs["rejected_ids"], strict=True)],
        passes=passes,
    )


def _of_prompts(work: StageWork, stage: RlooStage | GrpoStage) -> Workload:
    """Prompts as long as the rows' own, and answers as long as they may become: what is generated is not yet known."""
    examples = read_answers(work, "train")
    prompts = np.array([int((~example.supervised).sum()) for example in examples])
    sequences = work.rows_per_device * stage.generations
    passes = fewest_passes(sequences, work.plan.config.max_tokens + stage.max_answer_tokens)
    at_once = max(1, sequences // passes)

    def batch(group: list[int]) -> Batch:
        width = int(prompts[group].max()) + stage.max_answer_tokens
        answers = torch.zeros(at_once, width, dtype=torch.int64)
        answers[:, -stage.max_answer_tokens :] = 1
        return {
            "input_ids": torch.zeros_like(answers),
            "attention_mask": torch.ones_like(answers),
            "completion_mask": answers,
        }

    prompts_at_once = max(1, at_once // stage.generations)
    return _looked_at(
        work.plan,
        stage,
        groups=_groups(ShuffledSampler(len(prompts), work.plan.config.seed), prompts_at_once),
        collate=batch,
        lengths=((prompts + stage.max_answer_tokens) * stage.generations).tolist(),
        passes=passes,
    )


def _groups(sampler: Any, size: int) -> list[list[int]]:
    order = list(sampler)
    return [order[start : start + size] for start in range(0, len(order), size)]


def _looked_at(
    plan: RunPlan,
    stage: AnyStage,
    *,
    groups: list[list[int]],
    collate: Callable[[list[int]], Batch],
    lengths: list[int],
    passes: int,
) -> Workload:
    epochs = stage.epochs or plan.config.epochs
    size = stage.batch_size or plan.config.batch_size
    steps = max(1, math.ceil(epochs * math.ceil(len(lengths) / size)))
    shapes: Counter[Shape] = Counter()
    largest: Batch = {}
    tokens = places = most = 0
    spread = groups[:: max(1, len(groups) // MOST_BATCHES)]
    for group in spread:
        batch = collate(group)
        sequences, width = batch["input_ids"].shape
        shapes[int(sequences), int(width)] += 1
        tokens += sum(lengths[row] for row in group)
        places += _places(batch)
        if sequences * width * (1 + width / 1e6) > most:
            largest, most = batch, sequences * width * (1 + width / 1e6)
    middle = sorted(spread, key=lambda group: collate(group)["input_ids"].numel())
    samples = [collate(middle[int(share * (len(middle) - 1))]) for share in (0.1, 0.3, 0.5, 0.7, 0.9)]
    return Workload(
        rows=len(lengths),
        tokens_per_epoch=sum(lengths),
        epochs=epochs,
        steps=steps,
        passes=passes,
        shapes=shapes,
        places_per_token=places / max(tokens, 1),
        largest=largest,
        samples=samples,
    )


def _places(batch: Batch) -> int:
    """Tokens of a batch that carry loss; a classifier's carry it in its labels."""
    if "completion_mask" in batch:
        return int(batch["completion_mask"].sum())
    labels = batch["labels"]
    return int((labels != IGNORED).sum()) if labels.dim() > 1 else 0
