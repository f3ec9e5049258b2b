"""FLOPs of any batch, from a few traced ones: exact, because a network's arithmetic is a polynomial in its shape.

Every token costs the same but for attention, which costs by the square of the width; the output layer costs by the
places that carry loss, and the head of a classifier by the sequence:
FLOPs = sequences * (a + b * width + c * width^2) + d * places.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from tasks.train.estimate.steps import Batch
from tasks.train.estimate.trace import Step
from tasks.train.estimate.workload import Workload
from tasks.train.language.packing import IGNORED

NARROWEST = 16


@dataclass(frozen=True)
class Arithmetic:
    """FLOPs by the shape of a batch."""

    coefficients: tuple[float, float, float, float]

    def flops(self, sequences: int, width: int, places: float) -> float:
        """Floating-point operations of a batch with so many places that carry loss."""
        a, b, c, d = self.coefficients
        return sequences * (a + b * width + c * width**2) + d * places

    def of(self, workload: Workload) -> float:
        """Those of all steps of a stage."""
        seen = sum(self.flops(*shape, 0) * times for shape, times in workload.shapes.items())
        places = workload.tokens_per_epoch * workload.epochs * workload.places_per_token
        return seen * workload.passes_in_all / workload.shapes.total() + self.coefficients[3] * places


def arithmetic(like: Batch, width: int, trace: Callable[[Batch], Step]) -> Arithmetic:
    """Find the coefficients by tracing single sequences of up to `width` tokens of the kind of `like`."""
    widest = max(width, NARROWEST)
    widths = sorted({NARROWEST, (NARROWEST + widest) // 2, widest})
    while len(widths) < 3:
        widths.append(widths[-1] + NARROWEST)
    cases = [(one, 2) for one in widths] + ([(widths[0], 6)] if _has_places(like) else [])
    rows = [(1.0, one, one**2, float(places if _has_places(like) else 0)) for one, places in cases]
    found = [float(trace(_single(like, *case)).flops) for case in cases]
    times = _sequences(like)
    wanted = np.array(rows)[:, : 4 if _has_places(like) else 3]
    solved = np.linalg.solve(wanted, np.array(found))
    a, b, c = solved[:3] / times
    return Arithmetic((float(a), float(b), float(c), float(solved[3]) / times if _has_places(like) else 0.0))


def _has_places(batch: Batch) -> bool:
    return "completion_mask" in batch or batch["labels"].dim() > 1


def _sequences(batch: Batch) -> int:
    """Sequences of the smallest batch: a pair has two sides."""
    return 2 if "completion_mask" in batch else 1


def _single(like: Batch, width: int, places: int) -> Batch:
    """The smallest batch of its kind, of one width, with so many places of each sequence that carry loss."""
    sequences = _sequences(like)
    ids = torch.zeros(sequences, width, dtype=torch.int64)
    batch: Batch = {"input_ids": ids}
    marked = torch.zeros_like(ids)
    marked[:, -places:] = 1
    for name in like:
        if name == "attention_mask":
            # Padding, as there nearly always is, or another kernel might be taken.
            batch[name] = torch.ones_like(ids)
            batch[name][0, 0] = 0
        elif name == "position_ids":
            batch[name] = torch.arange(width).repeat(sequences, 1)
            batch[name][:, width // 2 :] -= width // 2
        elif name == "completion_mask":
            batch[name] = marked
        elif name == "labels" and like["labels"].dim() > 1:
            batch[name] = torch.where(marked == 1, 0, IGNORED)
        elif name == "labels":
            batch[name] = torch.zeros(sequences, dtype=like["labels"].dtype)
    return batch
