"""The answers of people as an artefact, so that what a dataset was made of can be named by its digest."""

from __future__ import annotations

import pandas as pd

from tasks.label.csv_file import Question
from tasks.records import Answers
from tasks.store import keep, workspace

COLUMNS = ("id", "text", "label", "annotator")


def keep_answers(answers: list[Question]) -> Answers:
    """Store answers as `answers.parquet`; the same answers give the same digest, and none at all are fine."""
    columns = {name: pd.Series([getattr(row, name) for row in answers], dtype="str") for name in COLUMNS}
    with workspace("answers") as folder:
        pd.DataFrame(columns).to_parquet(folder / "answers.parquet", index=False)
        stored = keep("answers", folder)
    return Answers(uri=stored.uri, digest=stored.digest, count=len(answers))
