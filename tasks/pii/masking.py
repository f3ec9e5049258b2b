"""Masking: personal data in a text gives way to the name of its kind, `<EMAIL>`, `<PHONE>` and so on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from tasks.pii.kinds import FINDERS

POSSIBLE = re.compile(r"@|[0-9].{0,3}[0-9]")


def mask(text: str) -> tuple[str, Counter[str]]:
    """The text with its personal data masked, and how many of each kind there were. Masking twice changes nothing."""
    found: Counter[str] = Counter()
    if not POSSIBLE.search(text):
        return text, found
    for kind, find in FINDERS.items():
        parts, done = list[str](), 0
        for start, end in sorted(find(text)):
            if start >= done:
                parts += (text[done:start], f"<{kind}>")
                done = end
                found[kind] += 1
        text = "".join((*parts, text[done:])) if parts else text
    return text, found


def mask_all(texts: Iterable[str | None]) -> tuple[list[str | None], list[Counter[str]]]:
    """`mask` for each text; a null stays null."""
    masked: list[str | None] = []
    found: list[Counter[str]] = []
    for text in texts:
        shown, kinds = mask(text) if isinstance(text, str) else (None, Counter[str]())
        masked.append(shown)
        found.append(kinds)
    return masked, found
