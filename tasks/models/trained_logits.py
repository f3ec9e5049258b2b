"""What a classifier's network said in training, before adapters were merged and anything was stored.

`trained_logits.parquet` stands beside the weights and holds ids and logits, and no text. Whoever loads the model folder
can hold every later form of the network to it: merged and stored, exported, rounded, and served.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyarrow import ArrowException

from tasks.errors import CorruptArtefact
from tasks.models.asked_rows import asked_rows

FILE = "trained_logits.parquet"
COLUMNS = ["id", "text", "label", "group"]
MOST_ROWS = 1000
ENOUGH_ROWS = 400
"""An agreement of 99 % is not shown with fewer than some 300 rows."""

Logits = npt.NDArray[np.float32]


def rows_to_ask(dataset_folder: Path) -> pd.DataFrame:
    """The rows, with COLUMNS, to ask the network about: at most 1,000, the validation split's by id, then the others.

    Where there are fewer than 400, rows are made behind them of the first half of one's words and the second half of
    another's: whether two forms of a model say the same of a text, it can tell without anybody having written it.
    """
    rows = asked_rows(dataset_folder, ["id", "text", "label"], ["group"], MOST_ROWS)
    made = pd.DataFrame(_joined(rows, ENOUGH_ROWS - len(rows)), columns=COLUMNS)
    return pd.concat([rows, made], ignore_index=True) if len(made) else rows


def _joined(rows: pd.DataFrame, count: int) -> Iterator[dict[str, str]]:
    """So many rows, or as many as there can be, each of two; label and group are those of the first."""
    places = ((first, (first + step) % len(rows)) for step in range(1, len(rows)) for first in range(len(rows)))
    for first, second in islice(places, max(count, 0)):
        one, other = rows.iloc[first], rows.iloc[second]
        begins, ends = str(one["text"]).split(), str(other["text"]).split()
        text = " ".join([*begins[: -(-len(begins) // 2)], *ends[len(ends) // 2 :]])
        yield {"id": f"{one['id']} and {other['id']}", "text": text, "label": one["label"], "group": one["group"]}


def write_trained_logits(folder: Path, ids: Sequence[str], logits: Logits) -> None:
    """Write into the model's folder what its network says, of shape (rows, labels), of the rows with these ids."""
    rows = pd.DataFrame({"id": [str(name) for name in ids], "logits": list(logits.astype(np.float32))})
    rows.to_parquet(folder / FILE, index=False)


def read_trained_logits(folder: Path, labels: int) -> tuple[list[str], Logits] | None:
    """Ids, and logits of shape (rows, labels); None where the folder holds none.

    Raises CorruptArtefact where the file is not valid.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        rows = pd.read_parquet(path, columns=["id", "logits"])
        logits = np.stack(rows["logits"].tolist()).astype(np.float32)
    except (ArrowException, KeyError, TypeError, ValueError) as error:
        raise CorruptArtefact(f"{path} is not valid: {error}") from None
    if logits.ndim != 2 or logits.shape[1] != labels:
        raise CorruptArtefact(
            f"{path} is not valid: it has logits of shape {logits.shape}, and the model {labels} labels"
        )
    return rows["id"].astype(str).tolist(), logits
