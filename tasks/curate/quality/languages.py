"""Which texts are surely in another language than those allowed, told offline by py3langid (Lui and Baldwin 2012)."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.errors import UserInputError

CHARACTERS_READ = 1000
FEWEST_LETTERS = 8
FRONT_RUNNER = 0.25
"""The probability that some other language must have by itself: names and single words spread over very many. Measured
with English allowed: no question of Banking77, no question and no answer of GSM8K is told as other (45 rows are without
this limit), and all of 50 short support questions in 16 other languages are."""
NO_LANGUAGE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+|<[A-Z_]{2,20}>|\S+@\S+|[\d_]+", re.DOTALL)
"""Code, addresses and masked personal data, which are in no language."""


def in_other_languages(texts: pd.Series, allowed: tuple[str, ...], certainty: float) -> npt.NDArray[np.bool_]:
    """Whether each text (nulls allowed) is with this probability in none of the allowed languages (ISO 639 codes).

    A text of fewer than FEWEST_LETTERS letters is never told. Raises UserInputError for a code that is not known.
    """
    identifier = _identifier()
    unknown = [code for code in allowed if code not in identifier.labels]
    if unknown:
        raise UserInputError(
            f"curation.formatting.languages: {', '.join(unknown)} cannot be told. Allowed: "
            f"{', '.join(sorted(identifier.labels))}"
        )
    told = {text: _is_other(text, identifier, allowed, certainty) for text in texts.dropna().unique()}
    return texts.map(told).eq(True).to_numpy(dtype=bool)


def _is_other(text: str, identifier: Any, allowed: tuple[str, ...], certainty: float) -> bool:
    words = NO_LANGUAGE.sub(" ", text[:CHARACTERS_READ])
    if sum(map(str.isalpha, words)) < FEWEST_LETTERS:
        return False
    best, probability = identifier.classify(words)
    if best in allowed or probability < FRONT_RUNNER:
        return False
    shares = dict(identifier.rank(words))
    return bool(1 - sum(shares[code] for code in allowed) >= certainty)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
