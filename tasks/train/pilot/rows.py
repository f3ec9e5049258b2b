"""Which rows a pilot learns from and which it is judged on: apart from each other, and never of the holdout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.datasets.folder import empty_rows, keep_dataset, read_split
from tasks.errors import UserInputError
from tasks.records import DatasetRef
from tasks.store import fetch
from tasks.train.pilot.config import PilotConfig

FEWEST_OF_A_LABEL = 2
FEWEST_ROWS = 8
LEARNED_SHARE = 0.75
"""Share of a small train split that the pilot learns from; the rest chooses its best evaluation."""


@dataclass(frozen=True)
class PilotRows:
    """The rows of a pilot, each with the columns of a dataset."""

    learned: pd.DataFrame
    """Of the train split: what the pilot is trained on, and what the base gets into its prompt."""
    steering: pd.DataFrame
    """Of the train split too: chooses the pilot's best evaluation, as a validation split does."""
    judged: pd.DataFrame
    """Of the validation split: what all three are compared on."""


def pilot_rows(dataset: DatasetRef, config: PilotConfig) -> PilotRows:
    """Choose the rows, spread over the labels where there are some. Raises UserInputError where there are too few."""
    train, validation = (_usable(read_split(dataset, split), dataset) for split in ("train", "validation"))
    if len(train) < FEWEST_ROWS or validation.empty:
        raise UserInputError(
            f"the dataset has {len(train)} training and {len(validation)} validation rows to pilot with; at least "
            f"{FEWEST_ROWS} and 1 are needed: give more rows, or set pilot.when to never"
        )
    draw = np.random.default_rng(config.seed)
    order = train.iloc[_spread(train, draw)]
    wanted = max(config.rows, FEWEST_OF_A_LABEL * len(dataset.labels))
    count = min(wanted, int(LEARNED_SHARE * len(order)))
    learned, rest = order[:count], order[count : 2 * count]
    if dataset.labels:
        rest = rest[rest["label"].isin(learned["label"].unique())]
    if rest.empty:
        raise UserInputError(
            f"no training rows are left to steer a pilot of {count} rows: give more rows, or set pilot.when to never"
        )
    judged = validation.iloc[_spread(validation, draw)][: config.judged_rows]
    return PilotRows(learned, rest, judged)


def keep_pilot_rows(rows: PilotRows, dataset: DatasetRef) -> DatasetRef:
    """Store what the pilot is trained with as a dataset of its own, with the weights that its rows have."""
    splits = {"train": rows.learned, "validation": rows.steering}
    weights = fetch(dataset) / "weights.parquet"
    known = pd.read_parquet(weights) if weights.is_file() else None
    return keep_dataset(
        splits,
        empty_rows(),
        rows_in=sum(len(split) for split in splits.values()),
        merged=0,
        origin={"pilot_of": dataset.digest},
        task=dataset.task,
        weights=None if known is None else known[known["id"].isin(rows.learned["id"])],
    )


def _usable(rows: pd.DataFrame, dataset: DatasetRef) -> pd.DataFrame:
    """The rows that have what a row of this task teaches."""
    if dataset.task == "classification":
        return rows[rows["label"].isin(dataset.labels)]
    columns = ["answer", "rejected"] if dataset.task == "preference" else ["answer"]
    return rows[rows[columns].notna().all(axis=1)]


def _spread(rows: pd.DataFrame, draw: np.random.Generator) -> npt.NDArray[np.intp]:
    """An order that begins with some of each label, and in which every beginning has labels in about their shares."""
    labels = rows["label"].fillna("").to_numpy(dtype=str)
    place = np.empty(len(rows))
    for label in np.unique(labels):
        own = draw.permutation(np.flatnonzero(labels == label))
        place[own] = (np.arange(len(own)) + draw.random()) / len(own)
        if len(np.unique(labels)) > 1:
            place[own[:FEWEST_OF_A_LABEL]] -= 1
    return np.argsort(place, kind="stable")
