"""Texts that are JSON, such as chats and answers for programs: masked inside their strings, so that they stay JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

Mask = Callable[[str], str]

_INDENT = re.compile(r"[\[{]\r?\n( +)")
_NUMBERS = (int, float)
_TELLING_NOTHING = ("", "role", "content")


def mask_json(text: str, mask: Mask) -> str | None:
    """The text with its strings and numbers masked one by one; None where it is no JSON list or object.

    A value is masked with its key before it, since `{"password": "…"}` tells only together. A number that is masked
    becomes a string. A string that is JSON itself is masked likewise. What changes nothing is given back as it was;
    else blanks and line breaks between the values follow the text's own way.
    """
    if text.lstrip()[:1] not in ("[", "{"):
        return None
    try:
        content = json.loads(text)
        masked = _masked(content, "", mask)
    except (ValueError, RecursionError):
        return None
    return text if masked == content else _dumped(masked, text)


def _masked(content: Any, key: str, mask: Mask) -> Any:
    if isinstance(content, dict):
        return {_leaf(name, "", mask): _masked(value, name, mask) for name, value in content.items()}
    if isinstance(content, list):
        return [_masked(value, key, mask) for value in content]
    if isinstance(content, str):
        inner = mask_json(content, mask)
        return _leaf(content, key, mask) if inner is None else inner
    if isinstance(content, _NUMBERS) and not isinstance(content, bool):
        written = str(content)
        masked = _leaf(written, key, mask)
        return content if masked == written else masked
    return content


def _leaf(value: str, key: str, mask: Mask) -> str:
    if key in _TELLING_NOTHING:
        return mask(value)
    named = f'{key}="'
    whole = mask(f'{named}{value}"')
    if whole.startswith(named) and whole.endswith('"'):
        return whole[len(named) : -1]
    # A mask that took part of the key leaves no border between the two; the value alone is masked then.
    return mask(value)


def _dumped(content: Any, like: str) -> str:
    indent = _INDENT.match(like.lstrip())
    if indent:
        return json.dumps(content, ensure_ascii=False, indent=len(indent[1]))
    separators = None if re.search(r"\": |, \"", like) else (",", ":")
    return json.dumps(content, ensure_ascii=False, separators=separators)
