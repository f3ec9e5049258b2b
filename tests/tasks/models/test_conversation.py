"""A row's prompt and answer take the form that the model was made for."""

from __future__ import annotations

import json

import pytest

from tasks.errors import UserInputError
from tasks.models.conversation import messages_of, rendered_answer, rendered_prompt, without_reasoning
from tests.tasks.models.tiny_language_model import make_tokenizer

CHAT = json.dumps([{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}])


def test_an_instruction_is_what_a_user_says_whatever_it_looks_like() -> None:
    assert messages_of(CHAT, "instruction") == [{"role": "user", "content": CHAT}]


def test_a_chat_is_read_turn_by_turn() -> None:
    assert [turn["role"] for turn in messages_of(CHAT, "chat")] == ["system", "user"]


def test_a_chat_that_is_no_list_of_turns_is_refused() -> None:
    for text in ("Hello", "[]", '["Hello"]', '[{"role": "user"}]'):
        with pytest.raises(UserInputError, match="must be a JSON list of objects with role and content"):
            messages_of(text, "chat")


def test_the_prompt_of_a_preference_may_be_a_text_a_chat_or_a_dialogue() -> None:
    assert messages_of("Hello", "preference") == [{"role": "user", "content": "Hello"}]
    assert [turn["role"] for turn in messages_of(CHAT, "preference")] == ["system", "user"]
    dialogue = "\n\nHuman: Hello\n\nAssistant: Hi!\n\nHuman: Is it late?\n\nAssistant:"
    assert messages_of(dialogue, "preference") == [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi!"},
        {"role": "user", "content": "Is it late?"},
    ]


def test_prompt_and_answer_follow_the_template_and_join_to_the_whole() -> None:
    tokenizer = make_tokenizer()
    prompt, answer = rendered_answer(tokenizer, "Hello", "Hi!", "instruction")
    assert prompt == rendered_prompt(tokenizer, "Hello", "instruction")
    assert prompt == "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n"
    assert answer == "Hi!<|im_end|>\n"


def test_a_generation_prompt_that_the_answer_does_not_keep_is_left_out() -> None:
    template = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
    template += "{% if add_generation_prompt %}[assistant]<think>{% endif %}"
    prompt, answer = rendered_answer(make_tokenizer(template), "Hello", "Hi!", "instruction")
    assert (prompt, answer) == ("[user]Hello[assistant]", "Hi!")


def test_without_a_template_a_prompt_ends_with_a_line_break_and_a_chat_is_refused() -> None:
    tokenizer = make_tokenizer(None)
    assert rendered_answer(tokenizer, "Hello", "Hi!", "instruction") == ("Hello\n", "Hi!<|im_end|>")
    with pytest.raises(UserInputError, match="no chat template"):
        rendered_prompt(tokenizer, CHAT, "chat")


def test_turns_that_the_template_refuses_are_named() -> None:
    template = (
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}{% endfor %}"
    )
    with pytest.raises(UserInputError, match="refuses a conversation of the turns system, user: no system"):
        rendered_prompt(make_tokenizer(template), CHAT, "chat")


def test_reasoning_is_no_part_of_an_answer() -> None:
    assert without_reasoning("<think>\nWell, 4?\n</think>\n\n 4 ") == "4"
    assert without_reasoning("<think>\nWithout an end") == ""
    assert without_reasoning("4 <think>") == "4 <think>"
