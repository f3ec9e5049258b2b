"""Made-up rows in three topics, and vectors in which the topics lie apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.datasets.folder import with_all_columns

TOPICS = {
    "parcel": ("Where is parcel {n} that the courier lost?", (1.0, 0.0, 0.0)),
    "refund": ("I want refund {n} paid to my account", (0.0, 1.0, 0.0)),
    "password": ("my password fails at login {n}", (0.0, 0.0, 1.0)),
}

Vectors = npt.NDArray[np.float32]


def rows_of(**counts: int) -> tuple[pd.DataFrame, Vectors]:
    """So many rows of each topic, its name as their label, and a vector each, near the topic's own."""
    draw = np.random.default_rng(0)
    texts, labels, vectors = [], [], []
    for topic, count in counts.items():
        text, vector = TOPICS[topic]
        texts += [text.format(n=number) for number in range(count)]
        labels += [topic] * count
        vectors += [np.asarray(vector) + draw.normal(0, 0.05, 3) for _ in range(count)]
    ids = [f"row-{number}" for number in range(len(texts))]
    rows = pd.DataFrame({"id": ids, "text": texts, "label": labels, "source": "made up", "row": range(len(texts))})
    matrix = np.asarray(vectors, dtype=np.float32).reshape(-1, 3)
    return with_all_columns(rows), matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)
