"""Whether a champion's labels still mean what the holdout's do, or were renamed or permuted since.

A champion whose labels have another name, or stand in another order, is wrong on rows that it knows: any candidate
beats it, however bad. So it is told from a champion that is merely weak: a label that surely most rows of *one other*
label are given, of which surely most rows are that other label's, and which surely most of its own rows are not given
(or which no row has). A champion that lost a label, or mixes two up, still gives the other to its own rows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.metrics.classification import confusion_matrix
from tasks.metrics.intervals import share_interval

SHOWN = 3


def why_labels_shifted(predictions: pd.DataFrame, confidence: float) -> str:
    """Why nobody should be compared with the model that said these `predicted` to these `label`; empty where one may.

    Each share's exact interval is at `confidence`, corrected for the number of labels given (Bonferroni).
    """
    found = shifted_labels(predictions, confidence)
    if not found:
        return ""
    shown = ", ".join(f"{given!r} for {meant!r}" for given, meant in list(found.items())[:SHOWN])
    more = f" and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
    return (
        f"the champion says {shown}{more}, so its labels were renamed or permuted, and to beat it says nothing; give "
        "the rows the labels that it was trained with, or set gates.champion to null for the release that brings in "
        "the new ones"
    )


def shifted_labels(predictions: pd.DataFrame, confidence: float) -> dict[str, str]:
    """By each label that is given in place of another one, the other."""
    columns = [predictions[name].astype(str).to_numpy() for name in ("label", "predicted")]
    names, flat = np.unique(np.concatenate(columns), return_inverse=True)
    labels, predicted = np.split(flat.astype(np.int64), 2)
    counts = confusion_matrix(labels, predicted, len(names))
    actual, given = counts.sum(axis=1), counts.sum(axis=0)
    each = 1 - (1 - confidence) / max(int((given > 0).sum()), 1)
    found = {}
    for label in np.flatnonzero(given):
        meant = int(counts[:, label].argmax())
        hits, own = int(counts[meant, label]), int(actual[label])
        shares = [(hits, int(given[label])), (hits, int(actual[meant]))]
        # A label that no row has can have none of its own either.
        shares += [(own - int(counts[label, label]), own)] if own else []
        if meant != label and all(_surely_most(count, rows, each) for count, rows in shares):
            found[str(names[label])] = str(names[meant])
    return found


def _surely_most(count: int, rows: int, confidence: float) -> bool:
    low = share_interval(count, rows, confidence).low
    return low is not None and low > 0.5
