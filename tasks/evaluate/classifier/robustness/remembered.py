"""A classifier that is asked about each text once: attacks by search, and typos, come back to the same texts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tasks.evaluate.classifier.answers import Classifier
from tasks.metrics.calibration import softmax


class Remembered:
    """Answers as the classifier that it stands for, out of memory where it was asked before."""

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier
        self.labels, self.temperature = classifier.labels, classifier.temperature
        self.known: dict[str, npt.NDArray[np.float32]] = {}

    def logits(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float32]:
        """Logits of shape (texts, labels)."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self.known]
        if fresh:
            self.known.update(zip(fresh, self.classifier.logits(fresh, batch_size), strict=True))
        return np.stack([self.known[text] for text in texts])

    def probabilities(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float64]:
        """Calibrated probabilities of shape (texts, labels): the temperature is applied."""
        return softmax(self.logits(texts, batch_size), self.temperature)
