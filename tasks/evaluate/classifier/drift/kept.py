"""What a shift must leave as it is, and how a text is changed around it."""

from __future__ import annotations

import re
from collections.abc import Callable

from tasks.datasets.kept_words import KEPT

_KEPT = re.compile(f"({KEPT.pattern})")
"""As one group, so that a split keeps what it matches."""
WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")


def outside_kept(text: str, change: Callable[[str], str]) -> str:
    """The text with `change` applied to each stretch between what is kept."""
    parts = _KEPT.split(text)
    return "".join(part if number % 2 else change(part) for number, part in enumerate(parts))
