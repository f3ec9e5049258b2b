"""Personal data in a curation: the key that stand-ins are drawn from, and the quarantine treated like the rows."""

from __future__ import annotations

import pandas as pd

from tasks.curate.quality.compliance import Compliance, treat_rows
from tasks.errors import UserInputError
from tasks.secrets import named_secret

MIN_KEY_CHARACTERS = 16


def stand_in_key(compliance: Compliance) -> bytes | None:
    """The key of the stand-ins, read where the config names it; None where the treatment needs none.

    Raises MissingSecret where it is not set, and UserInputError where it is too short to keep anything secret.
    """
    name = compliance.key_secret
    if name is None:
        return None
    value = named_secret(name, "curation.compliance.key_secret")
    if len(value) < MIN_KEY_CHARACTERS:
        raise UserInputError(
            f"the secret {name!r}, which curation.compliance.key_secret names, is shorter than {MIN_KEY_CHARACTERS} "
            "characters, and whoever tries keys could undo the stand-ins: set a longer one, for example what `openssl "
            "rand -hex 32` prints, and keep it, so that stand-ins stay the same from run to run"
        )
    return value.encode()


def masked_quarantine(quarantined: pd.DataFrame, compliance: Compliance) -> pd.DataFrame:
    """Rows that left, treated as well unless personal data is to be kept: a curated dataset shall hold none."""
    return treat_rows(quarantined, compliance, stand_in_key(compliance)).rows
