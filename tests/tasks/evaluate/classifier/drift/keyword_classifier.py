"""A classifier that reads one word: it knows a label by its keyword, in the case in which it was written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.evaluate.classifier.answers import answer
from tasks.evaluate.classifier.subject import Subject
from tasks.metrics.calibration import softmax

KEYWORDS = {"card": "plasticcard", "login": "secretword", "refund": "repayment"}
FILLERS = ("yesterday evening", "again", "without any reason", "for the second time", "in the shop")


def make_rows(rows: int = 150) -> pd.DataFrame:
    """Rows such as "do not know my repayment again?", of three labels in turn."""
    labels = sorted(KEYWORDS)
    return pd.DataFrame(
        {
            "id": [f"r{number}" for number in range(rows)],
            "text": [
                f"i do not know my {KEYWORDS[labels[number % 3]]} {FILLERS[number % 5]}?" for number in range(rows)
            ],
            "label": [labels[number % 3] for number in range(rows)],
            "group": None,
            "date": None,
            "source": "test",
            "row": range(1, rows + 1),
        }
    )


class KeywordClassifier:
    """Sure of a label whose keyword is in the text, and as sure as `otherwise` of the first label where none is."""

    def __init__(self, *, any_case: bool = False, otherwise: float = 0.0, weak: str | None = None) -> None:
        self.labels, self.temperature = tuple(sorted(KEYWORDS)), 1.0
        self.any_case, self.otherwise, self.weak = any_case, otherwise, weak
        self.asked: list[str] = []

    def logits(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float32]:
        """Logits of shape (texts, labels). Of the label `weak`, every text with "again" is taken for another."""
        self.asked += texts
        found = np.zeros((len(texts), len(self.labels)), dtype=np.float32)
        for row, text in enumerate(texts):
            read = text.lower() if self.any_case else text
            known = [place for place, label in enumerate(self.labels) if KEYWORDS[label] in read]
            if known and self.labels[known[0]] == self.weak and "again" in read:
                known = [(known[0] + 1) % 3]
            found[row, known[0] if known else 0] = 8.0 if known else self.otherwise
        return found

    def probabilities(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float64]:
        """Probabilities of shape (texts, labels)."""
        return softmax(self.logits(texts))


def make_subject(folder: Path, classifier: KeywordClassifier, rows: pd.DataFrame | None = None) -> Subject:
    """The classifier on rows like those of the train split beside it."""
    holdout = make_rows() if rows is None else rows
    make_rows(60).to_parquet(folder / "train.parquet")
    return Subject(folder, folder, classifier, holdout, answer(classifier, holdout))
