"""Rows of one step laid side by side in few sequences, so that hardly a place is padded and no row sees another.

The rows of a step are packed, not the data set: a step has as many rows as without packing, and every epoch other rows
stand together. The rows are shared out evenly over as many sequences as cost least arithmetic. (TRL's packing, by
best-fit decreasing over the whole data set, leaves the steps fewer, and rows that meet in a step always the same.)
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import Sampler

IGNORED = -100
"""Marks a position without loss, as in PyTorch's losses."""
PROBE_TOKENS = (7, 9)
EXACT, ROUNDED = 1e-4, 5e-2
"""Largest difference of two logits that are taken to be the same, in standard deviations: float32, and less precise."""


def shared_out(lengths: Sequence[int], count: int) -> list[list[int]]:
    """Indices of all rows in `count` bins of like fill: the longest first, each into the emptiest (Graham, 1969)."""
    bins: list[list[int]] = [[] for _ in range(count)]
    emptiest = [(0, place) for place in range(count)]
    for index in sorted(range(len(lengths)), key=lambda index: (-lengths[index], index)):
        filled, place = heapq.heappop(emptiest)
        bins[place].append(index)
        heapq.heappush(emptiest, (filled + lengths[index], place))
    return bins


def cheapest_bins(lengths: Sequence[int], attention_cost: float) -> list[list[int]]:
    """The bins, of indices, whose padded arithmetic is least.

    A place costs 1 + attention_cost * width, since every place attends to a whole sequence; see `attention_cost_of`.
    """
    best: list[list[int]] = []
    least = float("inf")
    for count in range(1, len(lengths) + 1):
        bins = shared_out(lengths, count)
        width = width_of(bins, lengths)
        cost = count * width * (1 + attention_cost * width)
        if cost < least:
            best, least = bins, cost
        if width == max(lengths):
            break
    return best


def width_of(bins: Sequence[Sequence[int]], lengths: Sequence[int]) -> int:
    """Tokens of the fullest bin."""
    return max(sum(lengths[index] for index in one) for one in bins)


def attention_cost_of(network: Any) -> float:
    """Arithmetic of attention a place and place attended to, as a share of all else a place.

    Attention takes 4 * layers * width operations for each place that a place attends to (scores and weighted sum), all
    else 2 for each parameter outside the embeddings (Kaplan et al., arXiv:2001.08361, section 2.1).
    """
    config = network.config.get_text_config()
    heads = getattr(config, "num_attention_heads", None) or 1
    width = heads * (getattr(config, "head_dim", None) or config.hidden_size // heads)
    embeddings = {id(module.weight) for module in (network.get_input_embeddings(), network.get_output_embeddings())}
    dense = sum(weight.numel() for weight in network.parameters() if id(weight) not in embeddings)
    return float(4 * config.num_hidden_layers * width / (2 * max(dense, 1)))


@dataclass(frozen=True)
class PackingCollator:
    """Examples to tensors of shape (sequences, width): ids, labels, and positions that begin anew with each row.

    Without an attention mask, transformers derives from such positions that rows stand apart. Padding is a row of its
    own. `tokens` counts what is not padding.
    """

    pad_id: int
    attention_cost: float

    def __call__(self, examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        lengths = [len(example["input_ids"]) for example in examples]
        bins = cheapest_bins(lengths, self.attention_cost)
        width = width_of(bins, lengths)
        ids = np.full((len(bins), width), self.pad_id, dtype=np.int64)
        labels = np.full((len(bins), width), IGNORED, dtype=np.int64)
        positions = np.zeros((len(bins), width), dtype=np.int64)
        for number, one in enumerate(bins):
            start = 0
            for index in one:
                end = start + lengths[index]
                ids[number, start:end] = examples[index]["input_ids"]
                labels[number, start:end] = examples[index]["labels"]
                # The first token would otherwise be foretold from the row before it.
                labels[number, start] = IGNORED
                positions[number, start:end] = np.arange(lengths[index])
                start = end
            positions[number, start:] = np.arange(width - start)
        return {
            "input_ids": torch.from_numpy(ids),
            "labels": torch.from_numpy(labels),
            "position_ids": torch.from_numpy(positions),
            "tokens": torch.tensor(sum(lengths)),
        }


@dataclass(frozen=True)
class PaddingCollator:
    """Examples to tensors of shape (rows, longest row), padded on the right; `tokens` counts what is not padding."""

    pad_id: int

    def __call__(self, examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        lengths = [len(example["input_ids"]) for example in examples]
        shape = (len(examples), max(lengths))
        ids, labels = np.full(shape, self.pad_id, dtype=np.int64), np.full(shape, IGNORED, dtype=np.int64)
        for number, example in enumerate(examples):
            ids[number, : lengths[number]] = example["input_ids"]
            labels[number, : lengths[number]] = example["labels"]
        mask = np.arange(shape[1])[None] < np.array(lengths)[:, None]
        return {
            "input_ids": torch.from_numpy(ids),
            "labels": torch.from_numpy(labels),
            "attention_mask": torch.from_numpy(mask.astype(np.int64)),
            "tokens": torch.tensor(sum(lengths)),
        }


class ShuffledSampler(Sampler[int]):  # type: ignore[misc]
    """Row indices in an order that follows from seed and epoch alone, so that a resumed training sees the same rows."""

    def __init__(self, rows: int, seed: int) -> None:
        self.rows, self.seed, self.epoch = rows, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[int]:
        return iter(np.random.default_rng([self.seed, self.epoch]).permutation(self.rows).tolist())


def keeps_rows_apart(network: Any) -> bool:
    """Whether a row's logits are the same alone and behind another row in one sequence: tried on the network itself.

    Attention with positions keeps them apart; a state that runs on through the sequence, or positions that are counted
    without regard to `position_ids`, do not.
    """
    device, size = network.device, network.get_input_embeddings().num_embeddings
    before, other, row = (
        torch.arange(start, start + count, device=device) % size
        for start, count in ((1, PROBE_TOKENS[0]), (11, PROBE_TOKENS[0]), (3, PROBE_TOKENS[1]))
    )
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad():
            alone = _logits(network, [row])
            behind, behind_other = (_logits(network, [first, row])[PROBE_TOKENS[0] :] for first in (before, other))
    except TypeError:
        return False  # Its forward knows no positions.
    finally:
        network.train(was_training)
    allowed = (EXACT if alone.dtype == torch.float32 else ROUNDED) * float(alone.float().std())
    return all(float((behind - found).float().abs().max()) <= allowed for found in (alone, behind_other))


def _logits(network: Any, rows: list[torch.Tensor]) -> torch.Tensor:
    """Logits of rows in one sequence, of shape (tokens, vocabulary)."""
    positions = torch.cat([torch.arange(len(row), device=row.device) for row in rows])
    output = network(input_ids=torch.cat(rows)[None], position_ids=positions[None], use_cache=False)
    logits: torch.Tensor = output.logits[0]
    return logits
