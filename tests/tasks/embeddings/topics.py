"""Made-up vectors of texts: rows of one topic lie close together, and topics lie apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tasks.embeddings.encoder import Vectors


def topic_vectors(topics: int, rows: int, seed: int = 0, width: int = 32, spread: float = 0.12) -> Vectors:
    """`rows` vectors of each of `topics` topics, topic by topic, which share half of their direction."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(topics, width)) + 3 * np.eye(width)[0]
    return unit(np.repeat(unit(centres), rows, axis=0) + spread * random.normal(size=(topics * rows, width)))


def unit(vectors: npt.NDArray[np.floating]) -> Vectors:
    """The vectors with length 1."""
    scaled: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return scaled
