"""The rows that changed sides: right with one model and wrong with the other, quoted with personal data masked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from tasks.pii.shown_rows import shown_text

SHOWN = 20
QUOTED_CHARACTERS = 160
OF_ANSWERS = {
    "preferred": "the wanted answer is the likelier of the two",
    "exact_match": "the answer has the words of the wanted one",
}
"""When an answer counts as right, by the column of a report's predictions; the first that is there is taken."""


@dataclass(frozen=True)
class Row:
    """A row that changed sides, as people may see it. A language model's answers are empty where it gave none."""

    id: str
    wanted: str = ""
    champion: str = ""
    candidate: str = ""
    text: str = ""
    """Of the row; empty where it is not known here."""


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

    @property
    def rows(self) -> int:
        """All rows that both were scored on."""
        return self.both_right + self.both_wrong + self.won + self.lost


def changed_sides(ours: pd.DataFrame, theirs: pd.DataFrame, texts: Mapping[str, str] | None = None) -> Sides | None:
    """Compare the predictions of candidate and champion; None where they are not of the same rows and kind.

    `texts` are the rows' by id, where they are to be quoted.
    """
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
    quoted = _quoted(ours, theirs, column, texts or {})
    return Sides(
        right=OF_ANSWERS.get(column, "the true label is predicted"),
        both_right=int((scored & (candidate == 1) & (champion == 1)).sum()),
        both_wrong=int((scored & (candidate == 0) & (champion == 0)).sum()),
        won=int(won.sum()),
        lost=int(lost.sum()),
        first_won=_rows(quoted, won),
        first_lost=_rows(quoted, lost),
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


def _quoted(ours: pd.DataFrame, theirs: pd.DataFrame, column: str, texts: Mapping[str, str]) -> pd.DataFrame:
    """What a person is shown of each row, not yet masked; null where it is not known."""
    wanted, said = ("label", "predicted") if column == "label" else ("reference", "generated")
    return pd.DataFrame(
        {
            "id": ours["id"].astype(str),
            "wanted": ours.get(wanted),
            "champion": theirs.get(said),
            "candidate": ours.get(said),
            "text": ours["id"].astype(str).map(dict(texts)),
        },
        dtype=object,
    )


def _rows(quoted: pd.DataFrame, which: pd.Series) -> tuple[Row, ...]:
    shown = quoted[which.to_numpy(dtype=bool)].head(SHOWN)
    cells = ["wanted", "champion", "candidate", "text"]
    masked = [[shown_text(value, QUOTED_CHARACTERS) for value in row] for row in shown[cells].to_numpy()]
    return tuple(Row(shown_id, *row) for shown_id, row in zip(shown["id"], masked, strict=True))
