"""The words of a row that a transform may rewrite: the whole text, or what the user said last in a conversation."""

from __future__ import annotations

import json
from typing import Any

from tasks.records import TaskKind


def user_words(text: str, task: TaskKind) -> str | None:
    """What the user says in a row; None for a conversation without a user's turn."""
    if task != "chat":
        return text
    turn = _last_user_turn(json.loads(text))
    return None if turn is None else str(turn["content"])


def with_user_words(text: str, words: str, task: TaskKind) -> str:
    """The row's text with other words in the user's place."""
    if task != "chat":
        return words
    turns = json.loads(text)
    turn = _last_user_turn(turns)
    if turn is not None:
        turn["content"] = words
    return json.dumps(turns, ensure_ascii=False, separators=(",", ":"))


def _last_user_turn(turns: list[dict[str, Any]]) -> dict[str, Any] | None:
    return next((turn for turn in reversed(turns) if turn.get("role") == "user"), None)
