"""Small datasets for the tests of the stages between acquisition and training."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from tasks.datasets.folder import empty_rows, keep_dataset, with_all_columns
from tasks.records import DatasetRef

Cells = tuple[str | None, str | None]


def rows(cells: Iterable[Cells], split: str = "train") -> pd.DataFrame:
    """A split from pairs of text and label; rows and ids are numbered from 1."""
    listed = list(cells)
    frame = pd.DataFrame(
        {
            "id": [f"{split}-{number}" for number in range(1, len(listed) + 1)],
            "text": [text for text, _ in listed],
            "label": [label for _, label in listed],
            "group": None,
            "source": f"{split}.csv",
            "row": range(1, len(listed) + 1),
        }
    )
    return with_all_columns(frame)


def good_rows(count: int = 60, labels: tuple[str, ...] = ("refund", "delivery"), start: int = 0) -> list[Cells]:
    """Different texts with the labels in turn."""
    return [(f"message number {start + place} about something", labels[place % len(labels)]) for place in range(count)]


def dataset(**splits: Iterable[Cells]) -> DatasetRef:
    """A stored dataset as acquisition would leave it."""
    frames = {split: rows(cells, split) for split, cells in splits.items()}
    came_in = sum(map(len, frames.values()))
    return keep_dataset(frames, empty_rows(), rows_in=came_in, merged=0, origin={"sources": []})
