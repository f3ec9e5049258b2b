"""Conversations: what is wrong with the turns of a chat, so that the suite can ask for turns in order."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

FAULTS = {
    "not_a_conversation": "no JSON list of turns with a role and a content",
    "unknown_role": "role other than system, user and assistant",
    "roles_out_of_order": "roles that do not take turns, user first, after at most one system turn",
    "no_user_turn_last": "last turn not the user's, so that there is nothing to answer",
    "empty_turn": "turn without words",
}
"""Each fault in words, in the order in which they are looked for."""
ROLES = frozenset({"system", "user", "assistant"})


def conversation_faults(texts: pd.Series) -> pd.Series:
    """For each chat its first fault, `in_order` for one without, null for a null; aligned with the index."""
    faults = [_fault(text) if isinstance(text, str) else None for text in texts]
    return pd.Series(faults, index=texts.index, dtype="str")


def _fault(text: str) -> str:
    try:
        turns = json.loads(text)
    except (ValueError, RecursionError):
        return "not_a_conversation"
    if not isinstance(turns, list) or not turns or not all(map(_is_turn, turns)):
        return "not_a_conversation"
    roles = [turn["role"] for turn in turns]
    if not ROLES.issuperset(roles):
        return "unknown_role"
    spoken = roles[1:] if roles[0] == "system" else roles
    if any(role != ("assistant" if place % 2 else "user") for place, role in enumerate(spoken)):
        return "roles_out_of_order"
    if len(spoken) % 2 == 0:
        return "no_user_turn_last"
    return "in_order" if all(turn["content"].strip() for turn in turns) else "empty_turn"


def _is_turn(turn: Any) -> bool:
    return isinstance(turn, dict) and isinstance(turn.get("role"), str) and isinstance(turn.get("content"), str)
