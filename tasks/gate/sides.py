"""The rows that changed sides: right with one model and wrong with the other, by id."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

SHOWN = 20
OF_ANSWERS = {
    "preferred": "the wanted answer is the likelier of the two",
    "exact_match": "the answer has the words of the wanted one",
}
"""When an answer counts as right, by the column of a report's predictions; the first that is there is taken."""


@dataclass(frozen=True)
class Row:
    """A row that changed sides. The labels are empty for a language model's answers, which are not quoted."""

    id: str
    wanted: str = ""
    champion: str = ""
    candidate: str = ""


@dataclass(frozen=True)
class Sides:
    """How many rows each model gets right, and the first of those that changed sides, in the candidate's order."""

    right: str
    """When a row counts as right."""
    both_right: int
    both_wrong: int
    won: int
    """Rows that only the candidate gets right."""
    lost: int
    """Rows that only the champion gets right."""
    first_won: tuple[Row, ...]
    first_lost: tuple[Row, ...]


def changed_sides(ours: pd.DataFrame, theirs: pd.DataFrame) -> Sides | None:
    """Compare the predictions of candidate and champion; None where they are not of the same rows and kind."""
    if ours["id"].duplicated().any() or set(ours["id"]) != set(theirs["id"]) or len(ours) != len(theirs):
        return None
    column = _column(ours, theirs)
    if column is None:
        return None
    theirs = theirs.set_index("id").reindex(ours["id"]).reset_index()
    candidate, champion = _right(ours, column), _right(theirs, column)
    scored = candidate.notna() & champion.notna()
    won = scored & (candidate == 1) & (champion == 0)
    lost = scored & (candidate == 0) & (champion == 1)
    return Sides(
        right=OF_ANSWERS.get(column, "the true label is predicted"),
        both_right=int((scored & (candidate == 1) & (champion == 1)).sum()),
        both_wrong=int((scored & (candidate == 0) & (champion == 0)).sum()),
        won=int(won.sum()),
        lost=int(lost.sum()),
        first_won=_rows(ours, theirs, won, column),
        first_lost=_rows(ours, theirs, lost, column),
    )


def _column(ours: pd.DataFrame, theirs: pd.DataFrame) -> str | None:
    if all({"label", "predicted"} <= set(frame.columns) for frame in (ours, theirs)):
        return "label"
    for name in OF_ANSWERS:
        if all(name in frame.columns and frame[name].notna().any() for frame in (ours, theirs)):
            return name
    return None


def _right(frame: pd.DataFrame, column: str) -> pd.Series:
    """1 for right, 0 for wrong, null where the row was not scored."""
    if column == "label":
        return (frame["label"].astype(str) == frame["predicted"].astype(str)).astype("Float64")
    return frame[column].astype("Float64")


def _rows(ours: pd.DataFrame, theirs: pd.DataFrame, which: pd.Series, column: str) -> tuple[Row, ...]:
    places = [place for place, chosen in enumerate(which.tolist()) if chosen][:SHOWN]
    if column != "label":
        return tuple(Row(str(ours["id"].iloc[place])) for place in places)
    labels = zip(ours["id"], ours["label"], theirs["predicted"], ours["predicted"], strict=True)
    all_rows = [tuple(str(value) for value in row) for row in labels]
    return tuple(Row(*all_rows[place]) for place in places)
