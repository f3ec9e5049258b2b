"""What every measure of a language model beside quality looks at: the model, the rows, and what it answered to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from tasks.models.language_model import Sampling
from tasks.records import TaskKind


class Writer(Protocol):
    """What is asked of a model."""

    network: Any
    tokenizer: Any

    def generate(
        self, texts: Sequence[str], *, max_new_tokens: int, sampling: Sampling, batch_size: int = 16
    ) -> list[list[str]]:
        """The answers to each text, as many as are drawn."""


@dataclass(frozen=True)
class LanguageSubject:
    """A language model, its folder, and the holdout with what the model answered to it."""

    model_folder: Path
    model: Writer
    task: TaskKind
    """What its prompts are: see tasks.models.conversation."""
    holdout: pd.DataFrame
    """Rows with the columns of a dataset: `id`, `text`, `answer`, `group` and others; see tasks.records.DatasetRef."""
    answers: pd.DataFrame
    """The likeliest answers, a row each in the holdout's order, with the columns of `answers_of`; `generated` is null
    where a row was not answered."""
    dataset_folder: Path = Path()
    """The dataset that the holdout is of, with its other splits; for measures that look at those."""

    def answered(self) -> pd.DataFrame:
        """The rows that were answered: `id`, `group`, `text` (the prompt), `reference` (wanted) and `generated`."""
        rows = self.answers.assign(text=self.holdout["text"].astype(str).to_numpy())
        return rows.loc[rows["generated"].notna(), ["id", "group", "text", "reference", "generated"]]

    def drawn(self, rows: int, seed: int) -> pd.DataFrame:
        """As many rows of the holdout, drawn by the seed, in their order; all where there are fewer."""
        places = np.random.default_rng(seed).permutation(len(self.holdout))[:rows]
        return self.holdout.iloc[np.sort(places)]
