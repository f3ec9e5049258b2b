"""Embeddings that stay with their rows while rows come and go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.curate.config import CurationConfig
from tasks.curate.coverage.styles import asked
from tasks.curate.ledger import Ledger
from tasks.records import TaskKind

Matrix = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Vectors:
    """Embeddings (float32 [n, width], unit length) of the rows with these ids."""

    ids: pd.Index
    matrix: Matrix

    def known(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Those of the rows that have an embedding."""
        return rows[rows["id"].isin(self.ids)]

    def of(self, rows: pd.DataFrame) -> Matrix:
        """The embeddings of rows that all have one, in their order."""
        return self.matrix[self.ids.get_indexer(pd.Index(rows["id"]))]

    def places(self, rows: pd.DataFrame) -> tuple[Indices, Matrix]:
        """Where in `rows` those with an embedding stand, and their embeddings."""
        places = np.flatnonzero(rows["id"].isin(self.ids)).astype(np.int64)
        return places, self.of(rows.iloc[places])


def embed_splits(ledger: Ledger, task: TaskKind, config: CurationConfig) -> Vectors | None:
    """Embed what each row asks; of a split with more than `max_embedded_rows` rows a sample. None where that is 0."""
    if config.max_embedded_rows == 0:
        return None
    from tasks.embeddings.encoder import embed

    parts = [_sample(rows, config) for rows in ledger.splits.values() if len(rows)]
    rows = pd.concat(parts, ignore_index=True)
    texts = asked(rows["text"], task).tolist()
    return Vectors(pd.Index(rows["id"]), embed(texts, config.embedding_model, config.embedding_tokens))


def _sample(rows: pd.DataFrame, config: CurationConfig) -> pd.DataFrame:
    most = config.max_embedded_rows
    return rows if len(rows) <= most else rows.sample(most, random_state=config.seed).sort_index()
