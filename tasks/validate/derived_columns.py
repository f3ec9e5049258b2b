"""Columns that the suites see beside the dataset's own: what no expectation of the library can ask for quickly."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from tasks.validate.conversations import conversation_faults

CONVERSATION = "conversation"
"""What is wrong with the turns of a chat, `in_order` where nothing is."""
ANSWERS = "answers"
"""Whether chosen and rejected answer are the `same` or `different`, after trimming; null where one is missing."""
SAME, DIFFERENT = "same", "different"


def with_derived(rows: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """The rows with those of the named columns that are derived."""
    derived = {name: DERIVED[name](rows) for name in dict.fromkeys(columns) if name in DERIVED}
    return rows.assign(**derived) if derived else rows


def needed_for(column: str) -> tuple[str, ...]:
    """The dataset's own columns that a column is made from: itself, unless it is derived."""
    return {CONVERSATION: ("text",), ANSWERS: ("answer", "rejected")}.get(column, (column,))


def _conversation(rows: pd.DataFrame) -> pd.Series:
    return conversation_faults(rows["text"])


def _answers(rows: pd.DataFrame) -> pd.Series:
    # The library's own expectation for this looks at each row in turn: two minutes for a million.
    chosen, rejected = rows["answer"].str.strip(), rows["rejected"].str.strip()
    told = pd.Series(np.where(chosen == rejected, SAME, DIFFERENT), index=rows.index, dtype="str")
    return told.where(chosen.notna() & rejected.notna())


DERIVED = {CONVERSATION: _conversation, ANSWERS: _answers}
