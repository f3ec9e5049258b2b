"""What a model answers to every row of the holdout, in the labels of both: the model's and the holdout's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.evaluate.holdout import require_measurable
from tasks.metrics.calibration import Floats, Integers, softmax


class Classifier(Protocol):
    """What is asked of a model."""

    labels: tuple[str, ...]
    temperature: float

    def logits(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float32]:
        """Logits of shape (texts, labels)."""

    def probabilities(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[Any]:
        """Probabilities of shape (texts, labels)."""


@dataclass(frozen=True)
class Answers:
    """The holdout's rows and what the model said to them; arrays of shape (rows,)."""

    ids: npt.NDArray[np.object_]
    names: tuple[str, ...]
    """Every label that the model or the holdout knows, sorted."""
    labels: Integers
    """Index of the true label in `names`."""
    predicted: Integers
    """Index of the predicted label in `names`."""
    confidence: Floats
    """Probability of the predicted label, with the model's temperature."""
    confidence_uncalibrated: Floats
    """Probability of the predicted label at a temperature of 1."""
    groups: npt.NDArray[np.object_]
    """The row's group, or None."""

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """Whether the true label was predicted."""
        return np.equal(self.labels, self.predicted)


def answer(classifier: Classifier, holdout: pd.DataFrame) -> Answers:
    """Ask the classifier about every row. A label that it does not know is one it cannot get right.

    Raises UserInputError where the holdout has no rows, or a row has no label.
    """
    require_measurable(holdout, "label")
    names = tuple(sorted({*classifier.labels, *holdout["label"].astype(str)}))
    position = {name: index for index, name in enumerate(names)}
    logits = classifier.logits(holdout["text"].tolist())
    rows = np.arange(len(logits))
    best = logits.argmax(axis=1)
    groups = holdout["group"].astype(object)
    return Answers(
        ids=holdout["id"].astype(str).to_numpy(dtype=object),
        names=names,
        labels=holdout["label"].astype(str).map(position).to_numpy(dtype=np.int64),
        predicted=np.array([position[name] for name in classifier.labels], dtype=np.int64)[best],
        confidence=softmax(logits, classifier.temperature)[rows, best],
        confidence_uncalibrated=softmax(logits)[rows, best],
        groups=groups.where(groups.notna(), None).to_numpy(dtype=object),
    )


def predictions(answers: Answers) -> pd.DataFrame:
    """A row each: `id`, `label`, `predicted` (both as text) and `confidence`."""
    names = np.array(answers.names, dtype=object)
    return pd.DataFrame(
        {
            "id": answers.ids,
            "label": names[answers.labels],
            "predicted": names[answers.predicted],
            "confidence": answers.confidence,
        }
    )
