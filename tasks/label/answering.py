"""What a person typed in answer to a question, against the labels that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Given:
    """A label for the question."""

    label: str


@dataclass(frozen=True)
class Quit:
    """No more questions."""


@dataclass(frozen=True)
class Unclear:
    """Not an answer yet; the message says what to type."""

    message: str


def read_reply(typed: str, suggested: str, known: Sequence[str]) -> Given | Quit | Unclear | None:
    """Read a line: empty takes the suggestion, `s` skips (None), `q` quits, else a known label or its beginning.

    A label is matched without regard to case. `=label` gives one that is not known yet.
    """
    word = typed.strip()
    if word in {"s", "q"} and word not in known:
        return None if word == "s" else Quit()
    if word == "?":
        return Unclear(f"known labels: {', '.join(known)}")
    if not word:
        return Given(suggested) if suggested else Unclear("there is no suggestion; type a label, or s to skip")
    if word.startswith("=") and word[1:].strip():
        return Given(word[1:].strip())
    exact = [label for label in known if label.lower() == word.lower()]
    matching = exact or [label for label in known if label.lower().startswith(word.lower())]
    if len(matching) == 1:
        return Given(matching[0])
    if matching:
        return Unclear(f"{word} could be {', '.join(matching)}; type more of it")
    return Unclear(f"no known label begins with {word} (? lists them); type ={word} if it is a new label")
