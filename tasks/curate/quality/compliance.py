"""The quality `compliance`: personal data and secrets in rows, masked, replaced by stand-ins, or the row set aside."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from tasks.pii.columns import mask_column
from tasks.pii.kinds import KINDS, LOCALES, Kind, Locale, Scope
from tasks.pii.masking import name_of_kind
from tasks.pii.stand_ins import StandIns
from tasks.section import Section

REASON = "pii"
TEXTS = ("text", "answer", "rejected")
"""The columns that hold what people and models said; a chat is JSON and is masked inside its messages."""


class Compliance(Section):
    """What is personal data, and what is done about it."""

    treatment: Literal["redact", "pseudonymise", "drop", "keep"] = "redact"
    """redact: `<EMAIL>` stands in its place. pseudonymise: a made-up value of the same form, for the same value always
    the same one. drop: the row is set aside. keep: it stays and is only counted."""
    kinds: tuple[Kind, ...] = Field(default=KINDS, min_length=1)
    """What counts as personal data; secrets are passwords, keys and tokens."""
    locales: tuple[Locale, ...] = LOCALES
    """Countries (ISO 3166) whose national ids, and telephone numbers as dialled at home, are looked for."""
    key_secret: str | None = None
    """pseudonymise: name of the secret that stand-ins are drawn from, 16 characters or more; it fixes them."""
    min: float | None = Field(default=None, ge=0, le=1)
    """The run stops where a smaller share of the rows than this came in without personal data; without it, never."""

    @model_validator(mode="after")
    def _stand_ins_need_a_key(self) -> Self:
        if (self.treatment == "pseudonymise") != (self.key_secret is not None):
            raise ValueError("treatment pseudonymise and key_secret go together: set both or neither")
        return self

    @property
    def scope(self) -> Scope:
        """What is looked for."""
        return Scope(frozenset(self.kinds), frozenset(self.locales))


@dataclass(frozen=True)
class Treated:
    """Rows after their personal data was treated, and where there was any."""

    rows: pd.DataFrame
    """The same rows; those to be dropped are masked, since the quarantine shall hold no personal data either."""
    reasons: pd.Series
    """`pii` for a row that held personal data as it came in, else null; on the rows' index."""
    found: Counter[str]
    """How many of each kind were found."""


def treat_rows(rows: pd.DataFrame, compliance: Compliance, key: bytes | None = None) -> Treated:
    """Look for personal data in every text of the rows (any of TEXTS that they have), and replace it.

    `key` draws the stand-ins of the treatment pseudonymise. Raises ValueError where it is needed and missing.
    """
    if compliance.treatment == "pseudonymise" and key is None:
        raise ValueError("the treatment pseudonymise needs a key")
    replace = name_of_kind if key is None else StandIns(key)
    concerned = np.zeros(len(rows), dtype=np.bool_)
    found, changed = Counter[str](), dict[str, pd.Series]()
    for name in TEXTS:
        if name in rows.columns:
            column = mask_column(rows[name], compliance.scope, replace, keep=compliance.treatment == "keep")
            concerned |= column.concerned
            found.update(column.found)
            changed[name] = column.texts
    reasons = pd.Series(REASON, index=rows.index, dtype="str").where(concerned)
    return Treated(rows.assign(**changed), reasons, found)
