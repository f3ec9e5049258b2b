"""What a trained network said of a few answers, kept beside its weights, so that whoever loads them can check them.

`answers.json` is written by training, from the network in memory, and read by the export, which loads the folder anew:
merged, stored and served forms of one model must agree. It holds ids and figures, and no text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.errors import CorruptArtefact
from tasks.models.language_model import LanguageModel

FILE = "answers.json"
MOST_ROWS = 16

Floats = npt.NDArray[np.float64]


def probe_rows(dataset_folder: Path) -> pd.DataFrame:
    """At most 16 answered rows of the validation split (else of train), from the shortest to the longest.

    Columns `id`, `text` and `answer`; no rows where neither split has an answer.
    """
    rows = pd.DataFrame(columns=["id", "text", "answer"])
    for split in ("validation", "train"):
        path = dataset_folder / f"{split}.parquet"
        if path.is_file():
            rows = pd.read_parquet(path, columns=["id", "text", "answer"]).dropna()
        if len(rows):
            break
    ordered = rows.assign(length=rows["text"].str.len() + rows["answer"].str.len()).sort_values(["length", "id"])
    places = np.linspace(0, len(ordered) - 1, min(MOST_ROWS, len(ordered))).round().astype(int)
    return ordered.iloc[places][["id", "text", "answer"]]


def mean_log_probabilities(model: LanguageModel, rows: pd.DataFrame, batch_size: int = MOST_ROWS) -> Floats:
    """Of each row's answer: its mean log probability in nats a token, of shape (rows,), in single precision."""
    with single_precision(model):
        sums, tokens = model.answer_log_probabilities(rows["text"].tolist(), rows["answer"].tolist(), batch_size)
    means: Floats = sums / tokens
    return means


def write_probe(folder: Path, model: LanguageModel, rows: pd.DataFrame) -> None:
    """Write into the model's folder what the network says of the rows' answers."""
    means = mean_log_probabilities(model, rows)
    found = dict(zip(rows["id"].astype(str), (float(mean) for mean in means), strict=True))
    (folder / FILE).write_text(json.dumps({"nats_per_token": found}, indent=1), encoding="utf-8")


def read_probe(folder: Path) -> dict[str, float] | None:
    """Mean log probability in nats a token by row id; None where the folder holds none.

    Raises CorruptArtefact where the file is not valid.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["nats_per_token"]
        return {str(row): float(mean) for row, mean in found.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptArtefact(f"{path} is not valid: {error}") from None


@contextmanager
def single_precision(model: LanguageModel) -> Iterator[None]:
    """Half precision rounds by device and batch, which would hide what is looked for.

    The tensors are put back themselves: casting a network back would round its rotary frequencies, which are kept in
    single precision whatever the weights are in.
    """
    network, was_training = model.network, model.network.training
    tensors = [tensor for tensor in (*network.parameters(), *network.buffers()) if tensor.is_floating_point()]
    own = [tensor.data for tensor in tensors]
    for tensor in tensors:
        tensor.data = tensor.data.float()
    network.eval()
    try:
        yield
    finally:
        for tensor, data in zip(tensors, own, strict=True):
            tensor.data = data
        network.train(was_training)
