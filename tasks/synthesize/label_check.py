"""The round trip: does a made row still say what its label says? A probe on embeddings is asked.

The probe learns from real rows. It is a crude reader, so that it is only believed where it reads the parent right and
the made row wrong: then the making has turned the meaning.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.synthesize.made import Made
from tasks.synthesize.reading import Reader

REASON = "label_drift"


def drifted(
    made_read: npt.NDArray[np.int64], parent_read: npt.NDArray[np.int64], label: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Which made rows have drifted: label indices of shape (rows,), as read in the row, in its parent, and as meant."""
    drift: npt.NDArray[np.bool_] = (made_read != label) & (parent_read == label)
    return drift


def remove_drifted(made: Made, parents: pd.DataFrame, reader: Reader) -> None:
    """Take the drifted rows out of what a maker made, and count them under `label_drift`."""
    rows = made.rows
    if rows.empty:
        return
    texts = parents.drop_duplicates("id").set_index("id")["text"].reindex(rows["made_from"])
    known = texts.notna().to_numpy()
    parent_read = np.full(len(rows), -1, dtype=np.int64)
    parent_read[known] = reader.read([str(text) for text in texts[known]])
    drift = drifted(reader.read(list(rows["text"])), parent_read, reader.indices(rows["label"]))
    made.refused[REASON] += int(drift.sum())
    made.refused += type(made.refused)()
    made.rows = rows[~drift].reset_index(drop=True)
