"""The rows of a dataset that a model's forms are asked about: the same ones whenever and wherever somebody asks."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def asked_rows(dataset_folder: Path, needed: list[str], others: list[str], most: int) -> pd.DataFrame:
    """At most so many rows, with the columns `needed` and `others`: the validation split's by `id`, then train's.

    A row that lacks one of `needed` is passed over.
    """
    columns = [*needed, *others]
    paths = [dataset_folder / f"{split}.parquet" for split in ("validation", "train")]
    parts = [pd.read_parquet(path, columns=columns).sort_values("id") for path in paths if path.is_file()]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return found.dropna(subset=needed).head(most).reset_index(drop=True)
