"""The holdout before anything is measured on it."""

from __future__ import annotations

import pandas as pd

from tasks.errors import UserInputError


def require_measurable(holdout: pd.DataFrame, wanted: str) -> None:
    """Raise UserInputError where the holdout has no rows, or a row without what the column `wanted` should hold."""
    if holdout.empty:
        raise UserInputError(
            "the dataset has no holdout rows, so no model can be measured: name data.holdout, or give more training "
            "rows, of which a share is then held out"
        )
    missing = holdout[holdout[wanted].isna()]
    if len(missing):
        raise UserInputError(
            f"{len(missing)} of {len(holdout)} holdout rows have no {wanted}, the first being "
            f"{missing['id'].iloc[0]!r}: give each one, because it is what a model is measured by"
        )
