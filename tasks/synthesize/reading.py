"""A cheap reader of labels for the checks on made rows: a linear probe on embeddings of the real train rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from tasks.synthesize.imitation import Fit, Floats, Integers, Vectors

Embed = Callable[[list[str]], Floats]


class Reader:
    """Knows the labels of the real rows, embeds texts, and reads a label out of a text."""

    def __init__(self, real: pd.DataFrame, *, embed: Embed, fit: Fit, most_rows: int, seed: int) -> None:
        self.labels = sorted(set(real["label"]))
        self.embed, self.fit = embed, fit
        self.share_read = min(1.0, most_rows / max(1, len(real)))
        self.real = self.seen(sampled(real, self.share_read, seed))
        self._probe = fit(self.real.vectors, self.real.labels)

    def seen(self, rows: pd.DataFrame) -> Vectors:
        """Rows of known labels as the probe sees them."""
        return Vectors(self.embed([str(text) for text in rows["text"]]), self.indices(rows["label"]))

    def indices(self, labels: pd.Series) -> Integers:
        """Each label's place among the sorted labels of the real rows."""
        places = {label: place for place, label in enumerate(self.labels)}
        return np.array([places[label] for label in labels], dtype=np.int64)

    def read(self, texts: list[str]) -> Integers:
        """The label index that each text is taken for."""
        return self._probe(self.embed(texts)) if texts else np.zeros(0, dtype=np.int64)


def sampled(rows: pd.DataFrame, share: float, seed: int) -> pd.DataFrame:
    """This share of the rows, in their order; all of them for 1."""
    if share >= 1:
        return rows
    chosen = np.random.default_rng(seed).choice(len(rows), size=round(share * len(rows)), replace=False)
    return rows.iloc[np.sort(chosen)]


def open_reader(real: pd.DataFrame, model: str, most_rows: int, seed: int) -> Reader:
    """A reader on the encoder that `model` names."""
    from tasks.embeddings.encoder import embed

    def embedded(texts: list[str]) -> Floats:
        vectors: Floats = embed(texts, model=model)
        return vectors

    return Reader(real, embed=embedded, fit=fit_probe, most_rows=most_rows, seed=seed)


def fit_probe(vectors: Floats, labels: Integers) -> Callable[[Floats], Integers]:
    """The shared probe, from vectors to label indices; of one label alone, always that one."""
    only = np.unique(labels)
    if len(only) == 1:
        return lambda rows: np.full(len(rows), only[0], dtype=np.int64)
    from tasks.embeddings import probe

    fitted = probe.fit_probe(vectors, [str(label) for label in labels])
    return lambda rows: fitted.predict(rows).astype(np.int64)
