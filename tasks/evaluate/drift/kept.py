"""What a shift must leave as it is, and how a text is changed around it."""

from __future__ import annotations

import re
from collections.abc import Callable

KEPT = re.compile(r"(<[A-Z][A-Z_0-9]{0,30}>|(?:https?://|www\.)\S+|(?<!\S)\S+@\S+|(?<!\w)\w*[0-9](?:[\w.,:/-]*\w)?)")
"""Masks of personal data, addresses, and whatever holds a digit. One group, so that a split keeps what it matches."""
WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")


def outside_kept(text: str, change: Callable[[str], str]) -> str:
    """The text with `change` applied to each stretch between what is kept."""
    parts = KEPT.split(text)
    return "".join(part if number % 2 else change(part) for number, part in enumerate(parts))
