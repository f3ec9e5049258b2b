"""What rows are compared by when repeats are looked for: texts without what all share, and signatures of these."""

from __future__ import annotations

import pandas as pd

from tasks.curate.quality.minhash import Signatures, as_column, from_column, signatures
from tasks.records import TaskKind

TEXT_SIGNATURE, ROW_SIGNATURE = "text_signature", "row_signature"
"""Columns with the signatures of what a model reads, and of a whole row where rows have answers."""
SIGNATURES = (TEXT_SIGNATURE, ROW_SIGNATURE)
CHAT_MARKS = r'^\[|\]$|,?\{"role":"[a-z_]+","content":"|"\}'


def sign_rows(rows: pd.DataFrame, task: TaskKind) -> pd.DataFrame:
    """The rows with their signatures: they depend on nothing but the row, so this is done shard by shard."""
    signed = {TEXT_SIGNATURE: plain_texts(rows["text"])}
    if task != "classification":
        signed[ROW_SIGNATURE] = compared_texts(rows)
    return rows.assign(**{name: as_column(signatures(texts)).set_axis(rows.index) for name, texts in signed.items()})


def signatures_of(rows: pd.DataFrame, column: str, texts: pd.Series) -> Signatures:
    """The rows' signatures (uint32 [n, 66]) from their column, or made of their texts where there is none."""
    return from_column(rows[column]) if column in rows else signatures(texts)


def compared_texts(rows: pd.DataFrame) -> pd.Series:
    """What two rows must share to repeat one another: the text, and the answers where there are any."""
    texts = plain_texts(rows["text"])
    for column in ("answer", "rejected"):
        given = rows[column].notna()
        if given.any():
            texts = texts.where(~given, texts + "\n" + rows[column].fillna(""))
    return texts


def plain_texts(texts: pd.Series) -> pd.Series:
    """The texts, of a chat only what was said: what all chats are written with would make any two of them alike."""
    filled = texts.fillna("").astype("str")
    chats = filled.str.startswith('[{"role":"')
    return filled.where(~chats, filled.str.replace(CHAT_MARKS, "\n", regex=True)) if chats.any() else filled
