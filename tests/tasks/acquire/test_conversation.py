"""Conversations: what is read, what is answered, and why a row has neither."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tasks.acquire.conversation import taken_apart
from tasks.acquire.table import Batch, Wanted, batch_of

CHAT = Wanted({"messages": "messages", "group": "group"}, frozenset({"messages"}), "chat")
PAIR = Wanted({"answer": "chosen", "rejected": "rejected"}, frozenset({"answer", "rejected"}), "preference")
SYSTEM, ASKED, SAID, AGAIN = (
    {"role": role, "content": content}
    for role, content in (("system", "Be kind."), ("user", "Hé?"), ("assistant", "Yes."), ("user", "Sure?"))
)


def chat(*contents: Any, answered: bool = True) -> Batch:
    cells = [content if content is None or isinstance(content, str) else json.dumps(content) for content in contents]
    wanted = Wanted(CHAT.columns, CHAT.required, "chat", answered)
    batch = batch_of(list(range(1, len(cells) + 1)), {"messages": cells, "group": ["g"] * len(cells)})
    return taken_apart(batch, wanted)


def pair(chosen: str | None, rejected: str | None) -> Batch:
    return taken_apart(batch_of([1], {"answer": [chosen], "rejected": [rejected]}), PAIR)


def reasons(batch: Batch) -> list[str]:
    return [line.reason for line in batch.malformed]


def test_the_last_assistant_turn_is_the_answer_and_the_rest_the_text() -> None:
    read = chat([SYSTEM, ASKED, SAID], [ASKED, SAID, AGAIN, {**SAID, "name": "x"}, ASKED]).rows.to_pylist()
    assert read[0] == {
        "row": 1,
        "text": '[{"role":"system","content":"Be kind."},{"role":"user","content":"Hé?"}]',
        "answer": "Yes.",
        "group": "g",
    }
    assert json.loads(read[1]["text"]) == [ASKED, SAID, AGAIN]
    assert read[1]["answer"] == "Yes."


def test_unlabelled_chats_end_with_what_is_asked() -> None:
    read = chat([ASKED], [ASKED, SAID], [SAID], answered=False)
    assert [json.loads(row["text"]) for row in read.rows.to_pylist()] == [[ASKED], [ASKED]]
    assert read.rows.column("answer").null_count == 2
    assert reasons(read) == ["no_prompt"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "empty_conversation"),
        ([], "empty_conversation"),
        ("  ", "empty_conversation"),
        ("[{", "bad_json"),
        ("[" * 100_000, "bad_json"),
        ("__import__('os').abort()", "bad_json"),
        ({"role": "user", "content": "a"}, "not_a_conversation"),
        (["hello"], "not_a_conversation"),
        ([{"role": "robot", "content": "a"}], "unknown_role"),
        ([{"content": "a"}], "unknown_role"),
        ([{"role": ["user"], "content": "a"}], "unknown_role"),
        ([ASKED, {"role": "assistant", "content": None}], "content_not_text"),
        ([ASKED, {"role": "assistant", "content": [{"type": "text", "text": "a"}]}], "content_not_text"),
        ('[{"role": "user", "content": "\\ud800"}]', "not_unicode"),
        ([ASKED], "no_assistant_turn"),
        ([SAID], "no_prompt"),
    ],
)
def test_a_content_without_that_form_is_malformed_and_nothing_of_it_is_in_the_detail(content: Any, reason: str) -> None:
    read = chat(content, [ASKED, SAID])
    assert reasons(read) == [reason]
    assert len(read.rows) == 1
    assert "robot" not in read.malformed[0].detail


def test_two_dialogues_share_their_beginning_up_to_the_last_answer() -> None:
    start = "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: A pen?\n\nAssistant:"
    assert pair(f"{start} Take mine.", f"{start} Take none. ").rows.to_pylist() == [
        {"row": 1, "text": start, "answer": "Take mine.", "rejected": "Take none."}
    ]


def test_two_lists_of_turns_share_their_beginning() -> None:
    worse = {"role": "assistant", "content": "No."}
    row = pair(json.dumps([ASKED, SAID]), json.dumps([ASKED, worse])).rows.to_pylist()[0]
    assert (json.loads(row["text"]), row["answer"], row["rejected"]) == ([ASKED], "Yes.", "No.")


@pytest.mark.parametrize(
    ("chosen", "rejected", "reason"),
    [
        ("", "\n\nHuman: a\n\nAssistant: b", "empty_conversation"),
        ("\n\nHuman: a\n\nAssistant: b", "\n\nHuman: c\n\nAssistant: b", "no_common_beginning"),
        ("\n\nHuman: a\n\nAssistant: b\n\nHuman: c", "\n\nHuman: a\n\nAssistant: d", "more_than_one_turn"),
        (json.dumps([ASKED, SAID]), json.dumps([AGAIN, SAID]), "no_common_beginning"),
        (json.dumps([ASKED, SAID, AGAIN, SAID]), json.dumps([ASKED, AGAIN]), "more_than_one_turn"),
        (json.dumps([ASKED, SAID]), json.dumps([ASKED, AGAIN]), "no_assistant_turn"),
    ],
)
def test_dialogues_that_do_not_belong_together_are_malformed(chosen: str, rejected: str, reason: str) -> None:
    assert reasons(pair(chosen, rejected)) == [reason]
