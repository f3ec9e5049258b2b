"""What a classifier's network said in training, before adapters were merged and anything was stored.

`trained_logits.parquet` stands beside the weights and holds ids and logits, and no text. Whoever loads the model folder
can hold every later form of the network to it: merged and stored, exported, rounded, and served.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyarrow import ArrowException

from tasks.errors import CorruptArtefact

FILE = "trained_logits.parquet"
MOST_ROWS = 1000

Logits = npt.NDArray[np.float32]


def examples_to_ask(*splits: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """At most 1,000 rows (each with an `id`) to ask the network about: of the first split, then of those behind it."""
    ordered = [row for split in splits for row in sorted(split, key=lambda row: str(row["id"]))]
    return ordered[:MOST_ROWS]


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
