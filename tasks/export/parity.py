"""Whether the exported model says what the trained one says, on texts of the data that it was trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tasks.errors import RefitError
from tasks.models.onnx_classifier import OnnxClassifier
from tasks.models.torch_classifier import TorchClassifier

MOST_TEXTS = 64
SINGLE_TEXTS = 8


def sample_texts(dataset_folder: Path) -> list[str]:
    """At most 64 texts of the validation split, from the shortest to the longest."""
    texts = pd.read_parquet(dataset_folder / "validation.parquet", columns=["text"])["text"]
    by_length = sorted(texts, key=lambda text: (len(text), text))
    chosen = np.linspace(0, len(by_length) - 1, min(MOST_TEXTS, len(by_length))).round().astype(int)
    return [by_length[index] for index in chosen]


def check_parity(folder: Path, texts: list[str], max_difference: float, trained: TorchClassifier) -> float:
    """The largest difference of a logit between the trained and the exported model in `folder`.

    Texts go through the exported model in batches and one by one. Raises RefitError where the difference is above
    `max_difference`, or is not a number.
    """
    exported = OnnxClassifier.load(folder)
    expected = trained.logits(texts)
    together = np.abs(expected - exported.logits(texts)).max()
    few = range(0, len(texts), max(1, len(texts) // SINGLE_TEXTS))
    alone = max(float(np.abs(expected[index] - exported.logits([texts[index]])[0]).max()) for index in few)
    difference = max(float(together), alone)
    if not difference <= max_difference:
        raise RefitError(
            f"the exported model differs from the trained one by {difference:.2g} in a logit, over {len(texts)} texts; "
            f"allowed is {max_difference:.2g} (export.max_difference)"
        )
    return difference
