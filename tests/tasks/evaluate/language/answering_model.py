"""A language model's face on answers that a test writes, and a subject with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tasks.evaluate.language.subject import LanguageSubject
from tasks.models.language_model import Sampling
from tasks.records import TaskKind


class AnsweringModel:
    """Gives `said(prompt, number of the sample, sampling)`, and remembers what it was asked."""

    network: Any = None
    tokenizer: Any = None

    def __init__(self, said: Callable[[str, int, Sampling], str]) -> None:
        self.said = said
        self.asked: list[str] = []

    def generate(
        self, texts: Sequence[str], *, max_new_tokens: int, sampling: Sampling, batch_size: int = 16
    ) -> list[list[str]]:
        """As many answers to each text as are drawn."""
        self.asked += texts
        return [[self.said(text, number, sampling) for number in range(sampling.samples)] for text in texts]


def subject_of(
    rows: Sequence[tuple[str, str, str]],
    said: Callable[[str, int, Sampling], str] = lambda prompt, number, sampling: "",
    task: TaskKind = "instruction",
    groups: Sequence[str | None] | None = None,
) -> LanguageSubject:
    """A holdout of (prompt, wanted answer, likeliest answer), and a model that answers anew by `said`."""
    ids = [f"r{number}" for number in range(len(rows))]
    groups = groups or [None] * len(rows)
    holdout = pd.DataFrame(
        {"id": ids, "text": [row[0] for row in rows], "answer": [row[1] for row in rows], "group": groups}
    )
    answers = pd.DataFrame(
        {"id": ids, "group": groups, "reference": [row[1] for row in rows], "generated": [row[2] for row in rows]}
    )
    return LanguageSubject(Path(), AnsweringModel(said), task, holdout, answers)
