"""How near two texts are in meaning, by the bundled encoder.

A search asks this in many small rounds. The embeddings of tasks/embeddings, which are to be the same whatever text they
are computed with, cost a full batch for each length of text however few there are, and are kept for good; here a text
costs what it is long, and is forgotten with the search.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from tasks.embeddings.encoder import DEFAULT_MODEL
from tasks.models.bundled import resolve_base_model
from tasks.models.classifier_network import MeanPooledClassifier, classifier_from_base
from tasks.models.tokens import TextTokenizer, length_sorted_batches, pad

Vector = npt.NDArray[np.float32]

MOST_TOKENS = 128
TEXTS_AT_ONCE = 32


class Meaning:
    """The encoder and the texts that it has read; a text's vector is the mean of the last layer's over its tokens."""

    def __init__(self) -> None:
        folder = resolve_base_model(DEFAULT_MODEL)
        # The head is not used: what counts is the mean that it would read.
        network, _ = classifier_from_base(folder, ("near", "far"))
        if not isinstance(network, MeanPooledClassifier):
            raise TypeError(f"{DEFAULT_MODEL} is no encoder whose text vector is the mean of its tokens'")
        self.network = network.eval().to("cuda" if torch.cuda.is_available() else "cpu")
        self.tokenizer = TextTokenizer.load(Path(folder), MOST_TOKENS)
        self.known: dict[str, Vector] = {}

    def near(self, originals: Sequence[str], changed: Sequence[str], least: float) -> npt.NDArray[np.bool_]:
        """Whether the cosine in meaning of each pair of texts is at least `least`; of shape (pairs,)."""
        if not originals:
            return np.empty(0, dtype=bool)
        cosines = (self._vectors(originals) * self._vectors(changed)).sum(axis=1)
        near: npt.NDArray[np.bool_] = cosines >= least
        return near

    def _vectors(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of shape (texts, width) and unit length."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self.known]
        rows = self.tokenizer.encode(fresh) if fresh else []
        for batch in length_sorted_batches(rows, TEXTS_AT_ONCE):
            ids, mask = (
                torch.from_numpy(part).to(self.network.device)
                for part in pad([rows[place] for place in batch], self.tokenizer.pad_id)
            )
            with torch.inference_mode():
                vectors = torch.nn.functional.normalize(self.network.pooled(ids, mask), dim=1).cpu().numpy()
            self.known.update(zip((fresh[place] for place in batch), vectors, strict=True))
        return np.stack([self.known[text] for text in texts])
