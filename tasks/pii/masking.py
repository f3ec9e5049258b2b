"""Masking: personal data in a text gives way to the name of its kind, `<EMAIL>`, or to a stand-in that is nobody's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from tasks.pii.kinds import EVERYTHING, Found, Kind, Scope, find_personal_data

Replacement = Callable[[Kind, str], str]
"""From a kind and a value to what stands in its place; the value itself where it is nobody's and may stay."""

UNSETTLED = "<PERSONAL_DATA>"
PASSES = 8


def name_of_kind(kind: Kind, value: str) -> str:
    """What stands in the place of a value that is masked."""
    return f"<{kind.upper()}>"


def mask(text: str, scope: Scope = EVERYTHING, replace: Replacement = name_of_kind) -> tuple[str, Counter[str]]:
    """The text with its personal data replaced, and how many of each kind there were. Twice changes nothing more.

    What stands around a number decides whether it is one, so the text is looked at until nothing new shows; one that
    does not settle in PASSES is masked whole.
    """
    counted: Counter[str] = Counter()
    for _ in range(PASSES):
        found = find_personal_data(text, scope)
        replaced = replaced_in(text, found, replace, counted) if found else text
        if replaced == text:
            return text, counted
        text = replaced
    return UNSETTLED, counted


def replaced_in(text: str, found: list[Found], replace: Replacement, counted: Counter[str]) -> str:
    """The text with what was found, in order, replaced, and counted by kind."""
    parts, done = list[str](), 0
    for start, end, kind in found:
        value = text[start:end]
        stand_in = replace(kind, value)
        if stand_in != value:
            counted[kind] += 1
        parts += (text[done:start], stand_in)
        done = end
    return "".join((*parts, text[done:]))
