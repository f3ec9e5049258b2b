"""Rows to token ids, once; and batches of like length, in an order that follows from seed and epoch alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.utils.data import Sampler

from tasks.errors import UserInputError
from tasks.models.tokens import length_sorted_batches, pad

Example = dict[str, Any]
POOL_BATCHES = 50
WEIGHTS = "weights"
IGNORED = -100
"""The label of a row without loss, as in PyTorch's losses."""


def read_examples(folder: Path, split: str, labels: tuple[str, ...], tokenizer: Any) -> list[Example]:
    """`id`, `input_ids` and `labels` (an index into `labels`) of each row of a split, in the split's order.

    Where the dataset weighs its training rows, they have a `weight` as well.

    Raises UserInputError where the split has no rows, or a label that is not among `labels`.
    """
    path = folder / f"{split}.parquet"
    rows = pd.read_parquet(path, columns=["id", "text", "label"]) if path.is_file() else pd.DataFrame()
    if rows.empty:
        hint = " or raise curation.validation_share" if split == "validation" else ""
        raise UserInputError(f"the {split} split has no rows, so there is nothing to train with: give more rows{hint}")
    unknown = set(rows["label"].unique()) - set(labels)
    if unknown:
        names = ", ".join(sorted(repr(label) for label in unknown))
        raise UserInputError(f"the {split} split has labels that the training rows lack: {names}")
    index = {label: number for number, label in enumerate(labels)}
    ids = tokenizer(list(rows["text"]), truncation=True, return_attention_mask=False, return_token_type_ids=False)
    parts = zip(rows["id"], ids["input_ids"], rows["label"], strict=True)
    examples: list[Example] = [{"id": name, "input_ids": row, "labels": index[label]} for name, row, label in parts]
    weights = folder / "weights.parquet"
    if split == "train" and weights.is_file():
        by_id = pd.read_parquet(weights).set_index("id")["weight"]
        for example in examples:
            example["weight"] = float(by_id.get(example["id"], 1.0))
    return examples


def by_length(examples: list[Example]) -> list[Example]:
    """The same examples, shortest first."""
    return sorted(examples, key=lambda example: len(example["input_ids"]))


def blanks_for(examples: list[Example], batch_size: int, processes: int, pad_id: int) -> list[Example]:
    """As many rows without loss as it takes for several processes to share the last batch of an epoch evenly.

    The library would have some rows learned twice instead.
    """
    missing = -len(examples) % batch_size if processes > 1 else 0
    return [{**examples[0], "input_ids": [pad_id], "labels": IGNORED}] * missing


@dataclass(frozen=True)
class Collator:
    """Pads a batch to its longest row; tensors of shape (rows, tokens) and (rows,)."""

    pad_id: int

    def __call__(self, batch: list[Example]) -> dict[str, torch.Tensor]:
        ids, mask = pad([example["input_ids"] for example in batch], self.pad_id)
        labels = torch.tensor([example["labels"] for example in batch])
        tensors = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask), "labels": labels}
        if "weight" in batch[0]:
            tensors[WEIGHTS] = torch.tensor([example["weight"] for example in batch], dtype=torch.float32)
        return tensors


class BlanksLast(Sampler[int]):  # type: ignore[misc]
    """The order of `inner`, and behind it the places of `blanks` rows that stand behind all others."""

    def __init__(self, inner: Any, blanks: int) -> None:
        self.inner, self.blanks = inner, blanks

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next."""
        self.inner.set_epoch(epoch)

    def __len__(self) -> int:
        return len(self.inner) + self.blanks

    def __iter__(self) -> Iterator[int]:
        return iter([*self.inner, *range(len(self.inner), len(self))])


class LengthGroupedSampler(Sampler[int]):  # type: ignore[misc]
    """Row indices such that each batch holds rows of like length, with rows and batches shuffled anew each epoch.

    The library's own sampler leaves the batches of a pool in order of length, and draws from the global generator, so
    that a training resumed inside an epoch would see other rows. This one follows from seed and epoch alone.
    """

    def __init__(self, examples: list[Example], batch_size: int, seed: int) -> None:
        self.lengths = np.array([len(example["input_ids"]) for example in examples])
        self.batch_size, self.seed, self.epoch = batch_size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        random = np.random.default_rng([self.seed, self.epoch])
        order = random.permutation(len(self.lengths))
        pool = POOL_BATCHES * self.batch_size
        pools = [order[start : start + pool] for start in range(0, len(order), pool)]
        # Only the very last batch may be short, or the loader would cut batches across the groups.
        ordered = np.concatenate([rows[np.argsort(self.lengths[rows], kind="stable")] for rows in pools])
        batches = [ordered[start : start + self.batch_size] for start in range(0, len(ordered), self.batch_size)]
        short = [batches.pop()] if len(batches[-1]) < self.batch_size else []
        random.shuffle(batches)
        return iter(int(index) for batch in [*batches, *short] for index in batch)


def mean_loss_and_logits(
    network: Any, examples: list[Example], batch_size: int, pad_id: int
) -> tuple[float, np.ndarray[Any, np.dtype[np.float32]]]:
    """Mean cross-entropy in nats, and logits of shape (examples, labels), of a network in evaluation mode."""
    logits = logits_of(network, [example["input_ids"] for example in examples], batch_size, pad_id)
    targets = torch.tensor([example["labels"] for example in examples])
    return float(torch.nn.functional.cross_entropy(torch.from_numpy(logits), targets)), logits


def logits_of(
    network: Any, rows: list[list[int]], batch_size: int, pad_id: int
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """What a network in evaluation mode says of rows of token ids: logits of shape (rows, labels)."""
    network.eval()
    logits = np.empty((len(rows), network.config.num_labels), dtype=np.float32)
    with torch.inference_mode():
        for batch in length_sorted_batches(rows, batch_size):
            inputs = [torch.from_numpy(array).to(network.device) for array in pad([rows[i] for i in batch], pad_id)]
            logits[batch] = network(input_ids=inputs[0], attention_mask=inputs[1]).logits.float().cpu().numpy()
    return logits
