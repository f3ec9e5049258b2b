"""Which rows to ask about: the ones that the model is least sure of, spread over the labels that it gives them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def margins(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Probability of the best label less that of the second best (Scheffer et al., 2001), for each row.

    `probabilities` has the shape (rows, labels), with two labels or more; a small margin is an unsure answer.
    """
    best_two = np.partition(probabilities, -2, axis=1)[:, -2:]
    return best_two[:, 1] - best_two[:, 0]


def least_certain(probabilities: npt.NDArray[np.float64]) -> list[int]:
    """Every row's index, in the order in which to ask.

    Round by round, the least certain row left of each predicted label; a round begins with its least certain row. So
    the first rows are not all of the one label that the model finds hard.
    """
    if not len(probabilities):
        return []
    margin, predicted = margins(probabilities), probabilities.argmax(axis=1)
    turn = np.empty(len(margin), dtype=np.int64)
    for label in np.unique(predicted):
        rows = np.flatnonzero(predicted == label)
        turn[rows[np.argsort(margin[rows], kind="stable")]] = np.arange(len(rows))
    return [int(row) for row in np.lexsort((margin, turn))]
