"""The normal form of a text: what two rows must share to count as the same text."""

from __future__ import annotations

import unicodedata

FINAL_PUNCTUATION = " .,;:!?…。"


def normal_form(text: str) -> str:
    """The text in Unicode form NFKC, without case, with single blanks, and without punctuation at its end.

    A text that is nothing but such punctuation keeps it.
    """
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return folded.rstrip(FINAL_PUNCTUATION) or folded
