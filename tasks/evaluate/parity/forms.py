"""The forms that one classifier takes on its way to whoever asks it, and what each says to the same rows.

`trained`: the network when its training ended, adapters beside the weights (training keeps `trained_logits.parquet`).
`merged`: the stored weights, loaded anew. `exported` or `int8`: the ONNX graph. `served`: the model server, over HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from infra.storage import MANIFEST, file_sha256
from tasks.evaluate.classifier.answers import Answers, answer
from tasks.evaluate.classifier.subject import Subject
from tasks.evaluate.parity.config import ParityConfig
from tasks.evaluate.parity.served import served_answers
from tasks.metrics.calibration import softmax
from tasks.models.info import ModelInfo
from tasks.models.trained_logits import COLUMNS, read_trained_logits, rows_to_ask

Logits = npt.NDArray[np.float32]


@dataclass
class Said:
    """Logits that were given before, with the face of a classifier that is asked about just those rows."""

    labels: tuple[str, ...]
    temperature: float
    given: Logits

    def logits(self, texts: list[str], batch_size: int = 64) -> Logits:
        """Logits of shape (texts, labels)."""
        return self.given

    def probabilities(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float64]:
        """Probabilities of shape (texts, labels)."""
        return softmax(self.given, self.temperature)


@dataclass(frozen=True)
class Form:
    """One form of a model, and what it said."""

    name: str
    answers: Answers
    logits: Logits | None
    """Of shape (rows, labels); None where the form gives none."""


def forms_of(subject: Subject, config: ParityConfig) -> Iterator[Form]:
    """The reference first, then every form of the model that there is; all of them asked about the same rows."""
    info = ModelInfo.read(subject.model_folder)
    kept = _trained(subject, info, config.rows)
    rows = _rows(subject, config.rows) if kept is None else kept[0]
    texts = rows["text"].tolist()
    if kept is not None:
        yield _form("trained", info, rows, kept[1])
    yield _form("merged", info, rows, subject.trained.logits(texts))
    exported = _form(
        "exported" if info.precision == "float32" else info.precision, info, rows, subject.classifier.logits(texts)
    )
    yield exported
    if config.served:
        yield Form("served", served_answers(subject.model_folder, texts, exported.answers), None)


def _form(name: str, info: ModelInfo, rows: pd.DataFrame, logits: Logits) -> Form:
    return Form(name, answer(Said(info.labels, info.temperature, logits), rows), logits)


def _trained(subject: Subject, info: ModelInfo, most: int) -> tuple[pd.DataFrame, Logits] | None:
    """The rows that the network was asked about when its training ended, and its logits.

    None where training kept none, or on another dataset than the one that is here: its texts are not known then.
    """
    found = read_trained_logits(subject.model_folder, len(info.labels))
    manifest = subject.dataset_folder / MANIFEST
    if found is None or not manifest.is_file() or file_sha256(manifest) != info.dataset_digest:
        return None
    places = {name: place for place, name in enumerate(found[0])}
    rows = rows_to_ask(subject.dataset_folder)
    rows = rows[rows["id"].astype(str).isin(places)].head(most).reset_index(drop=True)
    if rows.empty:
        return None
    return rows, found[1][rows["id"].astype(str).map(places).to_numpy()]


def _rows(subject: Subject, most: int) -> pd.DataFrame:
    """The holdout's rows, and where those are fewer, those that training asks about."""
    parts = [subject.holdout[COLUMNS].sort_values("id"), rows_to_ask(subject.dataset_folder)]
    return pd.concat(parts, ignore_index=True).head(most)
