"""Weights by which, within each label, every group of rows counts alike in the loss.

What the gate `fairness` compares are true positive rates: how often each group's rows of a label are found. So the
groups are brought level label by label, and each label keeps the weight that it has in the data. After the reweighing
of Kamiran and Calders (2012), "Data preprocessing techniques for classification without discrimination", which makes
group and label independent and leaves a small group small.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tasks.errors import UserInputError
from tasks.train.classifier.examples import Example

MOST_TIMES = 10.0
"""No row counts more than this many times what it did: a handful of rows would be learned by heart."""


def weigh_groups(examples: list[Example], dataset_folder: Path) -> None:
    """Multiply the `weight` of each training example, in the order of the dataset's rows, by that of its group.

    The weights that the dataset gives its rows count as rows do. A row without a group keeps its own. Raises
    UserInputError where the rows do not name at least two groups.
    """
    rows = pd.read_parquet(dataset_folder / "train.parquet", columns=["group", "label"])
    own = pd.Series([example.get("weight", 1.0) for example in examples], dtype="float64")
    groups = rows["group"].nunique()
    if groups < 2:
        raise UserInputError(
            f"training.group_weighting is balanced, but the training rows name {groups or 'no'} "
            f"group{'' if groups == 1 else 's'}: name their column in data.group_column, or set it to none"
        )
    for example, times in zip(examples, balanced(rows, own), strict=True):
        example["weight"] = example.get("weight", 1.0) * float(times)


def balanced(rows: pd.DataFrame, own: pd.Series) -> pd.Series:
    """What the weight `own` of each row, of `group` and `label`, is to be multiplied with; of shape (rows,)."""
    known = rows["group"].notna()
    cells = rows[known].assign(own=own[known])
    of_label = cells.groupby("label")["own"].transform("sum")
    in_cell = cells.groupby(["label", "group"])["own"].transform("sum")
    groups = cells.groupby("label")["group"].transform("nunique")
    times = (of_label / groups / in_cell).clip(upper=MOST_TIMES)
    left_over = of_label / (times * cells["own"]).groupby(cells["label"]).transform("sum")
    found: pd.Series = (times * left_over).reindex(rows.index, fill_value=1.0)
    return found
