"""What a person may type in answer to a question."""

from __future__ import annotations

import pytest

from tasks.label.answering import Given, Quit, Unclear, read_reply
from tasks.label.csv_file import Question
from tasks.label.file_queue import FileQueue
from tasks.label.known import known_labels

KNOWN = ["card_arrival", "card_lost", "refund", "Login"]


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("", "refund"),
        ("card_lost", "card_lost"),
        ("card_a", "card_arrival"),
        (" REF ", "refund"),
        ("lo", "Login"),
        ("=new", "new"),
    ],
)
def test_a_label_its_beginning_or_the_suggestion_is_an_answer(typed: str, label: str) -> None:
    assert read_reply(typed, "refund", KNOWN) == Given(label)


def test_a_label_that_begins_another_is_taken_whole() -> None:
    assert read_reply("card", "", ["card", "card_lost"]) == Given("card")


def test_s_skips_and_q_quits_unless_they_are_labels() -> None:
    assert read_reply("s", "refund", KNOWN) is None
    assert read_reply("q", "refund", KNOWN) == Quit()
    assert read_reply("q", "refund", ["q", "r"]) == Given("q")


@pytest.mark.parametrize(
    ("typed", "suggested", "words"),
    [
        ("card", "x", "could be card_arrival, card_lost"),
        ("zebra", "x", "=zebra"),
        ("", "", "no suggestion"),
        ("?", "x", "Login"),
    ],
)
def test_what_is_unclear_is_asked_again_with_a_reason(typed: str, suggested: str, words: str) -> None:
    reply = read_reply(typed, suggested, KNOWN)
    assert isinstance(reply, Unclear)
    assert words in reply.message


def test_known_labels_are_those_allowed_or_those_seen(tmp_path: object) -> None:
    from pathlib import Path

    queue = FileQueue(Path(str(tmp_path)) / "q")
    queue.push([Question("q1", "text", "refund", "0.5")], at_most=1, max_open=9)
    queue.answer("q1", "login", "ann")
    assert known_labels(queue, None, ["card"]) == ["card", "login", "refund"]
    assert known_labels(queue, ["b", "a"], ["card"]) == ["a", "b"]
