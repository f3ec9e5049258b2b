"""The order of the rows: whatever the trainer, it follows from seed and epoch alone, and tells a step's rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import Sampler

SHOWN_ROWS = 16


class EpochOrder(Sampler[int]):  # type: ignore[misc]
    """The places that `inner` draws, drawn anew for each epoch from `seed` plus the epoch, and remembered.

    Some of the library's samplers draw from a generator that runs on from epoch to epoch, so that a training resumed in
    a later epoch would see the rows of the first one again. A random sampler's order is that of accelerate's
    SeedableRandomSampler.
    """

    def __init__(self, inner: Any, seed: int) -> None:
        self.inner, self.seed, self.epoch = inner, seed, 0
        self.drawn: dict[int, np.ndarray[Any, np.dtype[np.int64]]] = {}

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.inner)

    def __iter__(self) -> Iterator[int]:
        places = self._draw()
        # The epoch before is kept too: on a GPU its last steps are judged a moment later.
        self.drawn = {epoch: drawn for epoch, drawn in self.drawn.items() if epoch == self.epoch - 1}
        self.drawn[self.epoch] = np.array(places, dtype=np.int64)
        return iter(places)

    def _draw(self) -> list[int]:
        if hasattr(self.inner, "set_epoch"):
            self.inner.set_epoch(self.epoch)
            return list(self.inner)
        if hasattr(self.inner, "generator"):
            self.inner.generator = torch.Generator().manual_seed(self.seed + self.epoch)
            return list(self.inner)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed + self.epoch)
            return list(self.inner)


class StepRows:
    """Which rows of a trainer's training set each step takes."""

    def __init__(self, trainer: Any) -> None:
        self.trainer, self.order = trainer, None
        draw = trainer._get_train_sampler

        def ordered(*arguments: Any, **options: Any) -> Any:
            inner = draw(*arguments, **options)
            self.order = None if inner is None else EpochOrder(inner, trainer.args.seed)
            return self.order

        trainer._get_train_sampler = ordered

    def begin_epoch(self, step: int, loader: Any) -> None:
        """Set the epoch that the next step belongs to; the library's way does not reach every sampler it wraps."""
        if self.order is not None:
            self.order.set_epoch(step // self._steps_per_epoch(loader))

    def places(self, step: int, loader: Any) -> list[int]:
        """Places, in the training set, of the rows of a step (1 is the first), over all processes; sorted."""
        per_epoch = self._steps_per_epoch(loader)
        epoch, number = divmod(step - 1, per_epoch)
        drawn = None if self.order is None else self.order.drawn.get(epoch)
        rows = getattr(loader, "total_batch_size", None) or getattr(loader, "batch_size", None)
        if drawn is None or not rows:
            return []
        size = rows * self.trainer.args.gradient_accumulation_steps
        return sorted({int(place) for place in drawn[number * size : (number + 1) * size]})

    def in_words(self, step: int, loader: Any) -> str:
        """The rows of a step for a person: by id where the training set has ids, else by place (0 is the first)."""
        places, rows = self.places(step, loader), self.trainer.train_dataset
        if not places:
            return "which cannot be named, because the rows come as a stream"
        shown, more = places[:SHOWN_ROWS], len(places) - SHOWN_ROWS
        first = rows[shown[0]]
        has_ids = isinstance(first, dict) and "id" in first
        names = [str(rows[place]["id"]) if has_ids else str(place) for place in shown]
        kind = "the ids" if has_ids else "the places (0 is the first training row)"
        return f"{kind} {', '.join(names)}{f' and {more} more' if more > 0 else ''}"

    def _steps_per_epoch(self, loader: Any) -> int:
        batches: int = self.trainer.args.gradient_accumulation_steps
        return max(1, math.ceil(len(loader) / batches))
