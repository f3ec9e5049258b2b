"""The normal form of a text: what two rows must share to count as the same text."""

from __future__ import annotations

import hashlib
import unicodedata

FINAL_PUNCTUATION = " .,;:!?…。"


def normal_form(text: str) -> str:
    """The text in Unicode form NFKC, without case, with single blanks, and without punctuation at its end.

    A text that is nothing but such punctuation keeps it.
    """
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return folded.rstrip(FINAL_PUNCTUATION) or folded


def text_hash(seed: int, key: str) -> float:
    """A number in [0, 1) that depends on nothing but seed and text: the first 53 bits of their SHA-256."""
    digest = hashlib.sha256(f"{seed}\0{key}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53
