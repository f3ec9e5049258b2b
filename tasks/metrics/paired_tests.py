"""Whether two models differ on the same rows: approximate randomisation, for any score of labels.

If the two were alike, it would be chance which of them gave which of a row's two answers. So the answers are swapped at
random, row by row, and the difference that was measured is compared with those that swapping gives. No shape of
distribution is assumed, and it holds for scores that are no mean over rows. Sources: Noreen (1989),
"Computer-intensive methods for testing hypotheses"; Yeh (2000), "More accurate tests for the statistical significance
of result differences". For accuracy it is McNemar's exact test (tasks/metrics/intervals.py), up to the resampling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.metrics.classification import SCORES, Tally

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

CELLS_AT_ONCE = 1_000_000
"""Numbers of swapped rows that are held in memory together."""
ROUNDING = 1e-12
"""Differences closer than this are the same one, computed in another order."""


@dataclass(frozen=True)
class PairedTest:
    """A difference between two models, and how often chance alone gives one as large."""

    difference: float
    """Our score less theirs."""
    p_value: float
    """Two-sided: of a difference at least as large either way, if the two were alike."""


def approximate_randomisation(
    labels: Integers, ours: Integers, theirs: Integers, classes: int, *, metric: str, samples: int, seed: int
) -> PairedTest:
    """Test our score against theirs, for label indices of shape (rows,) below `classes` and a score of SCORES.

    The p-value is (1 + resamples at least as far) / (1 + resamples): never 0, so that the test keeps its level.
    Raises ValueError where the score is unknown, or there are no rows.
    """
    if metric not in SCORES or len(labels) == 0:
        raise ValueError(f"the score {metric} of {len(labels)} rows: it takes one of {', '.join(SCORES)}, and rows")
    cells, counts = np.unique(np.stack([labels, ours, theirs]), axis=1, return_counts=True)
    swaps = _Swaps(cells, counts, classes, metric)
    measured = float(swaps.differences(np.zeros((1, swaps.cells), dtype=np.int64))[0])
    draw, as_far = np.random.default_rng(seed), 1
    at_once = max(1, CELLS_AT_ONCE // (swaps.cells + 4 * classes))
    for start in range(0, samples, at_once):
        size = (min(at_once, samples - start), swaps.cells)
        found = swaps.differences(draw.binomial(swaps.counts, 0.5, size))
        as_far += int((np.abs(found) >= abs(measured) - ROUNDING).sum())
    return PairedTest(measured, as_far / (1 + samples))


class _Swaps:
    """The rows that two models answer differently, counted by true label and both answers, and what a swap changes."""

    def __init__(self, cells: Integers, counts: Integers, classes: int, metric: str) -> None:
        truth, ours, theirs = (_onehot(part, classes) for part in cells)
        weights = counts.astype(np.float64)
        self.metric, self.rows = metric, np.array(weights.sum())
        self.actual = weights @ truth
        self.hits = [weights @ (truth * side) for side in (ours, theirs)]
        self.given = [weights @ side for side in (ours, theirs)]
        differ = cells[1] != cells[2]
        self.counts, self.cells = counts[differ], int(differ.sum())
        self.given_change = (theirs - ours)[differ]
        self.hits_change = (truth * (theirs - ours))[differ]

    def differences(self, swapped: Integers) -> Floats:
        """Our score less theirs where so many rows of each cell are swapped: (resamples, cells) to (resamples,)."""
        hits, given = swapped @ self.hits_change, swapped @ self.given_change
        ours, theirs = (
            Tally(self.hits[side] + sign * hits, self.actual, self.given[side] + sign * given, self.rows).scores()
            for side, sign in ((0, 1), (1, -1))
        )
        difference: Floats = ours[self.metric] - theirs[self.metric]
        return difference


def _onehot(indices: Integers, classes: int) -> Floats:
    columns: Floats = (indices[:, None] == np.arange(classes)).astype(np.float64)
    return columns
