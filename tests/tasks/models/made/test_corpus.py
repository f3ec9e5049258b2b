"""The text of the made models: the same for the same seed, varied, and nobody's."""

from __future__ import annotations

import re
from itertools import islice

from tasks.models.made.corpus import documents, exercises
from tasks.models.made.pretraining import as_text


def test_the_same_seed_gives_the_same_documents_and_another_gives_others() -> None:
    first, again, other = (list(islice(documents(seed), 200)) for seed in (1, 1, 2))
    assert first == again
    assert sum(document in first for document in other) < 10


def test_documents_hardly_repeat_one_another_and_every_slot_is_filled() -> None:
    texts = [as_text(document) for document in islice(documents(1), 3000)]
    assert len(set(texts)) > 0.9 * len(texts)
    assert not [text for text in texts if re.search(r"[{}]", text)]


def test_conversations_alternate_and_end_with_the_assistant() -> None:
    chats = [document for document in islice(documents(1), 500) if not isinstance(document, str)]
    assert len(chats) > 300
    for chat in chats:
        assert [message["role"] for message in chat] == ["user", "assistant"] * (len(chat) // 2)


def test_a_number_that_an_answer_names_was_named_before_it() -> None:
    copied = [
        chat for chat in islice(documents(1), 2000) if not isinstance(chat, str) and "repeat" in chat[0]["content"]
    ]
    assert copied
    for chat in copied:
        assert re.findall(r"\d{5}", chat[1]["content"]) == re.findall(r"\d{5}", chat[0]["content"])


def test_what_an_exercise_answers_stands_in_its_message_or_says_what_it_is_about() -> None:
    chats = [chat for chat in islice(exercises(1), 400) if not isinstance(chat, str)]
    answers = [(question["content"], answer["content"]) for question, answer in chats]
    sorted_out = [answer for _, answer in answers if answer.startswith("This is about ")]
    assert 60 < len(sorted_out) < 140
    assert all(answer in question for question, answer in answers if answer not in sorted_out)
