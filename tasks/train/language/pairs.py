"""Preference pairs as token ids: what the prompt and each of its two answers are to the model, and batches of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from datasets import Dataset

from tasks.models.tokens import pad
from tasks.records import TaskKind
from tasks.train.classifier.examples import LengthGroupedSampler
from tasks.train.language.rows import examples_of, rendered_rows
from tasks.train.language.work import StageWork

SIDES = ("chosen", "rejected")


def pairs_of(work: StageWork, split: str) -> Dataset:
    """The pairs of a split in its order, by `id`: `chosen_ids` and `rejected_ids`, the prompt and an answer to its end.

    `chosen_answer` and `rejected_answer` count the tokens, at the end of each, that are the answer. Pairs are cut to
    `training.max_tokens` as the rows of supervised fine-tuning are.
    """
    rows = work.rows[split]
    columns: dict[str, list[Any]] = {"id": [str(name) for name in rows["id"]]}
    for side, answers in zip(SIDES, (rows["answer"], rows["rejected"]), strict=True):
        tokens = answered_ids(rows.assign(answer=answers), work, work.plan.task)
        columns[f"{side}_ids"] = [ids for ids, _ in tokens]
        columns[f"{side}_answer"] = [count for _, count in tokens]
    return Dataset.from_dict(columns)


def answered_ids(rows: pd.DataFrame, work: StageWork, task: TaskKind) -> list[tuple[list[int], int]]:
    """Token ids of each row's prompt and answer up to the answer's end, and how many of them are the answer's.

    An answer of blanks alone has no tokens of its own.
    """
    rendered = list(rendered_rows(rows, work.tokenizer, task))
    eos = work.network.generation_config.eos_token_id
    found = []
    for example in examples_of(rendered, work.tokenizer, eos, work.plan.config.max_tokens, "answer"):
        places = np.flatnonzero(example.supervised)
        # Behind the end of a turn a template may write a line break, which is nobody's answer.
        end = int(places[-1]) + 1 if len(places) else len(example.ids)
        begin = int(places[0]) if len(places) else end
        found.append((example.ids[:end].tolist(), end - begin))
    return found


@dataclass(frozen=True)
class PairCollator:
    """Pads a batch of n pairs to its longest side; tensors of shape (2n, tokens): the chosen, then the rejected."""

    pad_id: int

    def __call__(self, batch: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        sides = [(pair[f"{side}_ids"], pair[f"{side}_answer"]) for side in SIDES for pair in batch]
        ids, mask = pad([tokens for tokens, _ in sides], self.pad_id)
        answers = np.zeros_like(mask)
        for number, (tokens, count) in enumerate(sides):
            answers[number, len(tokens) - count : len(tokens)] = 1
        arrays = {"input_ids": ids, "attention_mask": mask, "completion_mask": answers}
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        for name in ("ref_chosen_logps", "ref_rejected_logps"):
            if name in batch[0]:
                tensors[name] = torch.tensor([pair[name] for pair in batch])
        return tensors


def longest_sides(pairs: Dataset) -> list[int]:
    """The tokens of each pair's longer side, which is what its batch is padded to."""
    return [max(map(len, both)) for both in zip(pairs["chosen_ids"], pairs["rejected_ids"], strict=True)]


def sampler_by_length(pairs: Dataset, arguments: Any) -> LengthGroupedSampler:
    """Steps of pairs of like length, the same on one device or several, in an order from seed and epoch alone."""
    rows = arguments.train_batch_size * arguments.world_size * arguments.gradient_accumulation_steps
    lengths = [{"input_ids": range(length)} for length in longest_sides(pairs)]
    return LengthGroupedSampler(lengths, rows, arguments.seed)
