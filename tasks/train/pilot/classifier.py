"""The three contestants of a classifier's pilot: which of the judged rows each of them gets right."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.train.config import TrainingConfig
from tasks.train.pilot.comparison import BASE, PILOT, PROMPTED, Floats
from tasks.train.pilot.rows import PilotRows

_WORD_BREAKS = re.compile(r"[\W_]+|(?<=[a-z])(?=[A-Z])")


def classifier_scores(
    rows: PilotRows, labels: tuple[str, ...], training: TrainingConfig, model: Path
) -> dict[str, Floats]:
    """Of each contestant 1 for each judged row that it gets right, else 0, shape (judged rows,).

    An encoder takes no prompt. Without training it answers by the label whose name is nearest to the text in its own
    vectors, and with the pilot's rows by the label whose rows have the nearest mean. `model` is the pilot's folder.
    """
    from tasks.embeddings.encoder import embed
    from tasks.models.torch_classifier import TorchClassifier

    def vectors(texts: list[str]) -> npt.NDArray[np.float32]:
        return embed(texts, training.base_model, training.max_tokens)

    judged, truth = vectors(rows.judged["text"].tolist()), rows.judged["label"].to_numpy(dtype=str)
    learned = vectors(rows.learned["text"].tolist())
    means = pd.DataFrame(learned).groupby(rows.learned["label"].to_numpy(dtype=str)).mean()
    pilot = TorchClassifier.load(model)
    found = np.array(pilot.labels)[pilot.logits(rows.judged["text"].tolist()).argmax(axis=1)]
    answers = {
        BASE: np.array(labels)[(judged @ vectors([in_words(label) for label in labels]).T).argmax(axis=1)],
        PROMPTED: means.index.to_numpy(dtype=str)[(judged @ _unit(means.to_numpy()).T).argmax(axis=1)],
        PILOT: found,
    }
    return {name: (answer == truth).astype(np.float64) for name, answer in answers.items()}


def in_words(label: str) -> str:
    """A label's name as words: `cardArrival` and `card_arrival` are read as `card arrival`."""
    return " ".join(_WORD_BREAKS.split(label)).strip().lower() or label


def _unit(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
