"""Small datasets whose rows have answers: instructions, preferences and chats."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pandas as pd

from tasks.datasets.folder import empty_rows, keep_dataset, with_all_columns
from tasks.records import DatasetRef, TaskKind

Cell = str | None


def answered(cells: Iterable[tuple[Cell, Cell, Cell]], split: str = "train") -> pd.DataFrame:
    """A split from triples of text, answer and rejected answer; rows and ids are numbered from 1."""
    frame = pd.DataFrame(list(cells), columns=["text", "answer", "rejected"])
    numbers = range(1, len(frame) + 1)
    ids = [f"{split}-{number}" for number in numbers]
    return with_all_columns(frame.assign(id=ids, row=numbers, source=f"{split}.csv"))


def good_answers(count: int = 60, start: int = 0) -> list[tuple[Cell, Cell, Cell]]:
    """Different prompts, each with a better and a worse answer."""
    numbers = range(start, start + count)
    return [(f"What is {number} and two?", f"That is {number + 2}.", "No idea.") for number in numbers]


def chat(*roles_and_words: tuple[str, str]) -> str:
    """A conversation as it is stored."""
    return json.dumps([{"role": role, "content": words} for role, words in roles_and_words], ensure_ascii=False)


def answered_dataset(task: TaskKind, **splits: Iterable[tuple[Cell, Cell, Cell]]) -> DatasetRef:
    """A stored dataset as acquisition would leave it."""
    frames = {split: answered(cells, split) for split, cells in splits.items()}
    came_in = sum(map(len, frames.values()))
    return keep_dataset(frames, empty_rows(), rows_in=came_in, merged=0, origin={"sources": []}, task=task)
