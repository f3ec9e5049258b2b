"""What got worse elsewhere: one model against another, slice by slice, on the same rows.

A model that is better on the whole may be worse somewhere. Each slice is tested by McNemar's exact test, and the
p-values are corrected for the number of slices (Holm). A slice in which the models differ on too few rows to reach any
level is not tested: how many rows they differ on says nothing about which of them is better, so leaving such slices out
spares the others (Tarone 1990, "A modified Bonferroni method for discrete data").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.evaluate.room import Found
from tasks.metrics.intervals import mcnemar_p_value
from tasks.metrics.mean_intervals import mean_interval
from tasks.metrics.multiplicity import holm
from tasks.records import Measurement

ALL_ROWS = "all rows"
WORSE, BETTER, OPEN, TOO_FEW = "worse", "better", "no difference shown", "too few differences to tell"
COLUMNS = (
    "slice", "rows", "ours", "theirs", "difference", "low", "high", "got_worse", "got_better", "p_value", "p_adjusted",
    "state",
)  # fmt: skip
"""`ours` and `theirs` are accuracies, `got_worse` and `got_better` rows; both p-values are two-sided and null where a
slice is not tested. The first line is of all rows; it is no slice, and its p-value is not corrected."""
DRAWS_BEYOND = 20
"""Resamples that are to lie beyond each end of an interval."""


def side_effects(
    ours: pd.DataFrame, theirs: pd.DataFrame, slices: pd.DataFrame, *, confidence: float, samples: int, seed: int
) -> Found:
    """Where `ours` is worse than `theirs`: predictions (`id`, `label`, `predicted`), and slices of `slices_of`.

    Metrics: `slices_worse`, the slices that are surely worse (Holm-corrected, at 1 - confidence), a count without
    doubt; and `worst_slice_difference`, the lowest difference in accuracy of any slice that has one, with an interval
    that takes into account that it is the lowest of them (Bonferroni). The table has COLUMNS, worst slices first. Each
    slice's own interval is at `confidence`. Raises ValueError where the three tables are not of the same rows.
    """
    ours, theirs = _aligned(ours, slices, "ours"), _aligned(theirs, slices, "theirs")
    if (ours["label"].to_numpy() != theirs["label"].to_numpy()).any():
        raise ValueError("the two models' predictions give a row different labels, so they are not of one holdout")
    right = np.stack([side["label"].to_numpy() == side["predicted"].to_numpy() for side in (ours, theirs)])
    columns = [str(name) for name in slices.columns if name != "id"]
    parts = [_Part(name, right[:, slices[name].to_numpy(dtype=bool)]) for name in columns]
    adjusted = _tested({part.name: part for part in parts}, 1 - confidence)
    intervals = {part.name: part.interval(confidence, samples, seed) for part in parts}
    lines = [_line(part, intervals[part.name], adjusted.get(part.name), 1 - confidence) for part in parts]
    lines.sort(key=lambda line: (line["state"] != WORSE, intervals[str(line["slice"])].value))
    whole = _Part(ALL_ROWS, right)
    first = {
        **_line(whole, whole.interval(confidence, samples, seed), None, 0.0),
        "p_value": whole.p_value,
        "state": "",
    }
    table = pd.DataFrame([first, *lines], columns=list(COLUMNS))
    worse = float((table["state"] == WORSE).sum())
    metrics = {"slices_worse": Measurement(value=worse, low=worse, high=worse)}
    if parts:
        each = 1 - (1 - confidence) / len(parts)
        metrics["worst_slice_difference"] = _lowest([part.interval(each, samples, seed) for part in parts])
    return Found(metrics, table)


def _aligned(predictions: pd.DataFrame, rows: pd.DataFrame, whose: str) -> pd.DataFrame:
    """The predictions in the order of `rows`, by id."""
    ids = rows["id"].astype(str)
    indexed = predictions.assign(id=predictions["id"].astype(str)).set_index("id")
    if indexed.index.has_duplicates or set(indexed.index) != set(ids) or len(ids) != len(indexed):
        raise ValueError(f"the predictions of {whose} are not of the same {len(ids):,} rows: both need every id once")
    found: pd.DataFrame = indexed.reindex(ids.to_numpy()).reset_index(names="id")
    return found


@dataclass(frozen=True)
class _Part:
    """The rows of one slice: whether ours and theirs are right, of shape (2, rows)."""

    name: str
    right: npt.NDArray[np.bool_]

    @property
    def got_worse(self) -> int:
        return int((self.right[1] & ~self.right[0]).sum())

    @property
    def got_better(self) -> int:
        return int((self.right[0] & ~self.right[1]).sum())

    @property
    def p_value(self) -> float:
        return mcnemar_p_value(self.right[0], self.right[1])

    def interval(self, confidence: float, samples: int, seed: int) -> Measurement:
        """The mean of the rows' changes, each -1, 0 or 1, from as many resamples as its tails need."""
        change = self.right[0].astype(np.float64) - self.right[1]
        enough = max(samples, round(2 * DRAWS_BEYOND / (1 - confidence)))
        return mean_interval(change, least=-1.0, most=1.0, samples=enough, confidence=confidence, seed=seed)


def _line(part: _Part, difference: Measurement, p_adjusted: float | None, level: float) -> dict[str, object]:
    """A line of the table; without a corrected p-value the slice was not tested."""
    state = TOO_FEW
    if p_adjusted is not None:
        shown = p_adjusted <= level and part.got_worse != part.got_better
        state = (WORSE if part.got_worse > part.got_better else BETTER) if shown else OPEN
    return {
        "slice": part.name,
        "rows": part.right.shape[1],
        "ours": float(part.right[0].mean()),
        "theirs": float(part.right[1].mean()),
        "difference": difference.value,
        "low": difference.low,
        "high": difference.high,
        "got_worse": part.got_worse,
        "got_better": part.got_better,
        "p_value": None if p_adjusted is None else part.p_value,
        "p_adjusted": p_adjusted,
        "state": state,
    }


def _tested(parts: dict[str, _Part], level: float) -> dict[str, float]:
    """The corrected p-values of the slices whose least conceivable one, 2 / 2^differences, could pass among them."""
    least = {name: min(1.0, 2.0 ** (1 - part.got_worse - part.got_better)) for name, part in parts.items()}
    for tests in range(1, len(parts) + 1):
        able = [name for name, p_value in least.items() if p_value <= level / tests]
        if len(able) <= tests:
            return holm({name: parts[name].p_value for name in able})
    return {}


def _lowest(bounds: list[Measurement]) -> Measurement:
    return Measurement(
        value=min(each.value for each in bounds),
        low=min(-1.0 if each.low is None else each.low for each in bounds),
        high=min(1.0 if each.high is None else each.high for each in bounds),
    )
