"""Conversations, taken apart: what the model reads, what it should say, and what is wrong with one that has neither."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tasks.acquire.table import Batch, Malformed, Wanted, batch_of

ROLES = ("system", "user", "assistant", "tool")
TURN = "\n\nAssistant:"
"""How an answer begins in a dialogue that is written as one text, as in Anthropic's preference data."""
ANY_TURN = ("\n\nHuman:", TURN)

Turns = list[dict[str, str]]


class _NotThatForm(Exception):
    """Why a conversation is malformed, in one stable word and in an explanation."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


def taken_apart(batch: Batch, wanted: Wanted) -> Batch:
    """The batch with `text`, `answer` and `rejected` in place of its conversations.

    A chat's answer is its last assistant turn, its text what came before as a JSON list; turns after it are left out.
    Two dialogues share a beginning, their text, which ends where the last answer begins. Reasons of malformed rows:
    `empty_conversation`, `bad_json`, `not_a_conversation`, `unknown_role`, `content_not_text`, `no_assistant_turn`,
    `no_prompt`, `no_common_beginning`, `more_than_one_turn`.
    """
    if not wanted.conversations:
        return batch
    if wanted.task == "chat":
        return _each(batch, ("messages",), lambda cells: _chat(cells[0], wanted.answered))
    return _each(batch, ("answer", "rejected"), lambda cells: _pair(cells[0], cells[1], wanted.answered))


def _each(batch: Batch, names: tuple[str, ...], take: Callable[[list[str | None]], dict[str, str | None]]) -> Batch:
    others = [name for name in batch.rows.column_names if name not in names and name != "row"]
    rows: list[int] = []
    columns: dict[str, list[str | None]] = {}
    malformed: list[Malformed] = []
    for row in batch.rows.to_pylist():
        cells = [row.get(name) for name in names]
        try:
            made = take(cells)
        except _NotThatForm as error:
            raw = " | ".join(cell or "" for cell in cells)
            malformed.append(Malformed(row["row"], error.reason, error.detail, raw))
            continue
        rows.append(row["row"])
        for name, cell in (made | {name: row[name] for name in others}).items():
            columns.setdefault(name, []).append(cell)
    aside = sorted(batch.malformed + malformed, key=lambda line: line.row)
    return batch_of(rows, columns or {name: [] for name in ("text", *others)}, aside)


def _chat(content: str | None, answered: bool) -> dict[str, str | None]:
    turns = _turns(content)
    if not answered:
        asked = _up_to(turns, lambda turn: turn["role"] != "assistant")
        if not asked:
            raise _NotThatForm("no_prompt", "nobody but the assistant speaks")
        return {"text": _as_json(asked), "answer": None}
    spoken = _up_to(turns, lambda turn: turn["role"] == "assistant")
    if not spoken:
        raise _NotThatForm("no_assistant_turn", "no turn of the role assistant")
    if len(spoken) == 1:
        raise _NotThatForm("no_prompt", "nothing comes before the assistant's turn")
    return {"text": _as_json(spoken[:-1]), "answer": spoken[-1]["content"]}


def _pair(chosen: str | None, rejected: str | None, answered: bool) -> dict[str, str | None]:
    if not (chosen or "").strip() or not (rejected or "").strip():
        raise _NotThatForm("empty_conversation", "one of the two dialogues is empty")
    first, second = str(chosen), str(rejected)
    if first.startswith("[") and second.startswith("["):
        text, answers = _common_turns(_turns(first), _turns(second))
    else:
        text, answers = _common_text(first, second)
    better, worse = answers if answered else (None, None)
    return {"text": text, "answer": better, "rejected": worse}


def _common_text(chosen: str, rejected: str) -> tuple[str, tuple[str, str]]:
    shared = _beginning(chosen, rejected)
    place = shared.rfind(TURN)
    if place < 0:
        raise _NotThatForm("no_common_beginning", "the two dialogues do not begin alike up to an assistant's turn")
    stop = place + len(TURN)
    answers = chosen[stop:], rejected[stop:]
    if any(turn in answer for answer in answers for turn in ANY_TURN):
        raise _NotThatForm("more_than_one_turn", "the two dialogues part before their last turn")
    return shared[:stop], (answers[0].strip(), answers[1].strip())


def _beginning(first: str, second: str) -> str:
    """The longest common beginning, found by halving."""
    alike, unlike = 0, min(len(first), len(second)) + 1
    while unlike - alike > 1:
        middle = (alike + unlike) // 2
        if first[:middle] == second[:middle]:
            alike = middle
        else:
            unlike = middle
    return first[:alike]


def _common_turns(chosen: Turns, rejected: Turns) -> tuple[str, tuple[str, str]]:
    alike = 0
    while alike < min(len(chosen), len(rejected)) - 1 and chosen[alike] == rejected[alike]:
        alike += 1
    if not alike:
        raise _NotThatForm("no_common_beginning", "the two conversations do not begin alike")
    last = chosen[alike:], rejected[alike:]
    if any(len(turns) != 1 for turns in last):
        raise _NotThatForm("more_than_one_turn", "the two conversations part before their last turn")
    if any(turns[0]["role"] != "assistant" for turns in last):
        raise _NotThatForm("no_assistant_turn", "a conversation does not end with the assistant")
    return _as_json(chosen[:alike]), (last[0][0]["content"], last[1][0]["content"])


def _turns(content: str | None) -> Turns:
    """The turns of a conversation, reduced to `role` and `content`. Raises _NotThatForm."""
    if not (content or "").strip():
        raise _NotThatForm("empty_conversation", "there is no conversation")
    try:
        turns = json.loads(str(content))
    except (ValueError, RecursionError):
        raise _NotThatForm("bad_json", "the conversation is not JSON") from None
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        raise _NotThatForm("not_a_conversation", "not a list of objects with role and content")
    if not turns:
        raise _NotThatForm("empty_conversation", "the conversation has no turn")
    return [_turn(turn, number) for number, turn in enumerate(turns, start=1)]


def _turn(turn: dict[str, Any], number: int) -> dict[str, str]:
    role, content = turn.get("role"), turn.get("content")
    if role not in ROLES:
        raise _NotThatForm("unknown_role", f"turn {number} has none of the roles {', '.join(ROLES)}")
    if not isinstance(content, str):
        raise _NotThatForm("content_not_text", f"the content of turn {number} is not a text")
    try:
        content.encode()
    except UnicodeEncodeError:
        raise _NotThatForm("not_unicode", f"turn {number} holds half of a surrogate pair") from None
    return {"role": str(role), "content": content}


def _up_to(turns: Turns, is_last: Callable[[dict[str, str]], bool]) -> Turns:
    """The turns up to the last one that is meant; none where there is no such turn."""
    places = [place for place, turn in enumerate(turns) if is_last(turn)]
    return turns[: places[-1] + 1] if places else []


def _as_json(turns: Turns) -> str:
    return json.dumps(turns, ensure_ascii=False, separators=(",", ":"))
