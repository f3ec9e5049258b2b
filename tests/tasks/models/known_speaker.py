"""A language model's face on what is known: it gives the wanted answer, but for a share of prompts, and is sure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

END = 0


def make_answered_rows(rows: int = 200, groups: bool = False, pairs: bool = False) -> pd.DataFrame:
    """A holdout of prompts with their answers, and rejected ones where `pairs` are asked for."""
    numbers = range(rows)
    return pd.DataFrame(
        {
            "id": [f"r{number}" for number in numbers],
            "text": [f"Where is parcel {number}?" for number in numbers],
            "answer": [f"Parcel {number} is on its way to you" for number in numbers],
            "rejected": [f"I cannot say {number}" if pairs else None for number in numbers],
            "group": [("short", "long")[number % 2] if groups else None for number in numbers],
        }
    )


class KnownSpeaker:
    """Answers as the rows want, but for the share `wrong`, to which it says something else. A token is a letter."""

    stop_ids = frozenset({END})

    def __init__(self, rows: pd.DataFrame, wrong: float = 0.1, seed: int = 2) -> None:
        self.answers = dict(zip(rows["text"], rows["answer"], strict=True))
        mistaken = np.random.default_rng(seed).random(len(rows)) < wrong
        self.mistaken = set(rows.loc[mistaken, "text"])

    def generate_tokens(self, texts: Sequence[str], *, max_new_tokens: int) -> list[list[list[int]]]:
        """The known answer's letters and the end."""
        said = ["No idea" if text in self.mistaken else self.answers[text] for text in texts]
        return [[[*map(ord, answer), END][:max_new_tokens]] for answer in said]

    def decoded(self, tokens: Sequence[int]) -> str:
        """The letters."""
        return "".join(chr(token) for token in tokens if token != END)

    def answer_log_probabilities(
        self, texts: Sequence[str], answers: Sequence[str]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """A tenth of a nat a letter for what it would say, two nats for anything else."""
        right = [
            (answer == self.answers[text]) != (text in self.mistaken)
            for text, answer in zip(texts, answers, strict=True)
        ]
        tokens = np.array([len(answer) + 1 for answer in answers], dtype=np.int64)
        return -np.where(right, 0.1, 2.0) * tokens, tokens
