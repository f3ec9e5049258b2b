"""A classifier with the face of the real one, which knows the answers and gets a chosen share of them wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.metrics.calibration import softmax

LABELS = tuple(f"intent_{number:02}" for number in range(12))


def make_holdout(rows: int = 240, labels: tuple[str, ...] = LABELS, groups: bool = True) -> pd.DataFrame:
    """Rows of texts of several lengths, every label about as often as the next."""
    draw = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "id": [f"r{number}" for number in range(rows)],
            "text": [f"{number} " + "word " * int(draw.integers(1, 30)) for number in range(rows)],
            "label": [labels[number % len(labels)] for number in range(rows)],
            "group": draw.choice(["terse", "long"], rows) if groups else None,
            "date": None,
            "source": "test",
            "row": range(1, rows + 1),
        }
    )


class KnownClassifier:
    """Answers rightly but for a share of texts; `logit` is how sure it is of every answer, at a temperature of 1."""

    def __init__(
        self, holdout: pd.DataFrame, labels: tuple[str, ...] = LABELS, wrong: float = 0.05, logit: float = 4.0
    ) -> None:
        self.labels, self.temperature = labels, 2.0
        self.answers = dict(zip(holdout["text"], holdout["label"], strict=True))
        mistaken = np.random.default_rng(2).random(len(holdout)) < wrong
        self.mistaken = set(holdout.loc[mistaken, "text"])
        self.logit = logit
        self.asked: list[list[str]] = []

    def logits(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float32]:
        """Logits of shape (texts, labels)."""
        self.asked.append(texts)
        found = np.zeros((len(texts), len(self.labels)), dtype=np.float32)
        for row, text in enumerate(texts):
            truth = self.labels.index(self.answers[text]) if self.answers[text] in self.labels else 0
            found[row, (truth + (text in self.mistaken)) % len(self.labels)] = self.logit
        return found

    def probabilities(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float64]:
        """Probabilities of shape (texts, labels)."""
        return softmax(self.logits(texts), self.temperature)
