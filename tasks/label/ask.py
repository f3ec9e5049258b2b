"""Questions for people about a dataset's unlabelled rows, put by the candidate that is unsure of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.datasets.folder import read_split
from tasks.label.csv_file import Question, question_id
from tasks.label.file_queue import FileQueue
from tasks.label.least_certain import least_certain
from tasks.records import DatasetRef, ModelRef
from tasks.store import fetch

SCORED_AT_MOST = 5_000
"""More unlabelled rows than this are thinned out evenly: a batch is a few dozen rows, and scoring takes time."""


def asks_people(dataset: DatasetRef) -> bool:
    """Whether rows of the dataset's task are put to people: only labels are; answers of a language model are not."""
    return dataset.task == "classification"


def open_questions(candidate: ModelRef, dataset: DatasetRef, queue: FileQueue) -> list[Question]:
    """The unlabelled rows that no batch holds yet as questions, the one most worth asking first."""
    if not asks_people(dataset):
        return []
    rows = read_split(dataset, "unlabelled")
    rows = rows.assign(id=[question_id(text) for text in rows["text"]]).drop_duplicates("id")
    asked = {question.id for question in queue.questions()}
    rows = thinned(rows[~rows["id"].isin(asked)])
    if rows.empty:
        return []
    from tasks.models.onnx_classifier import OnnxClassifier

    model = OnnxClassifier.load(fetch(candidate))
    probabilities = model.probabilities(rows["text"].tolist())
    ids, texts = rows["id"].tolist(), rows["text"].tolist()
    return [
        Question(
            id=ids[index],
            text=texts[index],
            suggested=model.labels[int(probabilities[index].argmax())],
            confidence=f"{probabilities[index].max():.2f}",
        )
        for index in least_certain(probabilities)
    ]


def thinned(rows: pd.DataFrame) -> pd.DataFrame:
    """At most SCORED_AT_MOST rows, evenly spaced over the whole."""
    if len(rows) <= SCORED_AT_MOST:
        return rows
    return rows.iloc[np.linspace(0, len(rows) - 1, SCORED_AT_MOST).astype(int)]
