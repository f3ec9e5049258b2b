"""Texts that must be JSON: the chat that a row's text is, and answers that are asked for as JSON."""

from __future__ import annotations

import json
import re
from typing import Any, Never

TURNS = re.compile(r"s*u(?:(?:at+)*au)*(?:at+)*")
"""Turns by first letter: system messages first, then a user; each answer is followed by a user or by what its tools
said; the last turn awaits an answer."""
OTHER_ROLE = "u"


def chat_turns(text: str) -> list[dict[str, Any]] | None:
    """The turns of a chat; None where the text is no JSON list, not empty, of objects with `role` and `content`."""
    try:
        turns = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    if not isinstance(turns, list) or not turns:
        return None
    whole = all(isinstance(turn, dict) and isinstance(turn.get("role"), str) and "content" in turn for turn in turns)
    return turns if whole else None


def chat_words(text: str) -> str | None:
    """What the turns of a chat say, a paragraph each; None where the text is no chat."""
    turns = chat_turns(text)
    return None if turns is None else "\n".join(str(turn["content"]) for turn in turns if turn["content"])


def chat_faults(text: str, roles: tuple[str, ...]) -> list[str]:
    """What is wrong with the form of a chat that ends before the assistant answers, the gravest first."""
    turns = chat_turns(text)
    if turns is None:
        return ["not_a_chat"]
    # A role of the user's own making stands where a user may stand; its turns cannot be told apart further.
    letters = "".join(_LETTERS.get(turn["role"], OTHER_ROLE) for turn in turns)
    found = {
        "unknown_role": any(turn["role"] not in roles for turn in turns),
        "empty_turn": any(_is_empty(turn) for turn in turns),
        "turns_out_of_order": not TURNS.fullmatch(letters),
    }
    return [name for name, is_so in found.items() if is_so]


def json_faults(text: str, required_keys: tuple[str, ...]) -> list[str]:
    """What is wrong with an answer that must be JSON: RFC 8259, so no NaN, and nothing around it."""
    try:
        answer = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return ["not_json"]
    has_keys = not required_keys or (isinstance(answer, dict) and all(key in answer for key in required_keys))
    return [] if has_keys else ["missing_json_key"]


_LETTERS = {"system": "s", "developer": "s", "user": "u", "assistant": "a", "tool": "t", "function": "t"}


def _is_empty(turn: dict[str, Any]) -> bool:
    content = turn["content"]
    if turn["role"] == "assistant" and turn.get("tool_calls"):
        return False
    return not (isinstance(content, str) and content.strip())


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is not JSON")
