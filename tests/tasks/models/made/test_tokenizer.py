"""The tokenizer of a made model: loses nothing, marks what the assistant said, and is read by TRL as it stands."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.models.made.tokenizer import END_OF_TEXT, TURN_ENDS

CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Where is order 41852?"},
    {"role": "assistant", "content": "It is on its way."},
    {"role": "user", "content": "Thanks!"},
    {"role": "assistant", "content": "You are welcome."},
]


@pytest.mark.parametrize("text", ["Order #41852, €3.50!", "Ünïcödé 汉字 🙂 \t two\n\nlines", "", " leading"])
def test_any_text_comes_back_as_it_was(text: str, small: tuple[Any, Any]) -> None:
    _, tokenizer = small
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_the_template_is_chatml(small: tuple[Any, Any]) -> None:
    _, tokenizer = small
    assert tokenizer.apply_chat_template(CHAT[1:3], tokenize=False) == (
        "<|im_start|>user\nWhere is order 41852?<|im_end|>\n<|im_start|>assistant\nIt is on its way.<|im_end|>\n"
    )
    prompt = tokenizer.apply_chat_template(CHAT[1:2], tokenize=False, add_generation_prompt=True)
    assert tokenizer.apply_chat_template(CHAT[1:3], tokenize=False).startswith(prompt)


def test_the_template_marks_the_answers_with_their_end_and_nothing_else(small: tuple[Any, Any]) -> None:
    _, tokenizer = small
    marked = tokenizer.apply_chat_template(CHAT, return_dict=True, return_assistant_tokens_mask=True)
    kept = [token for token, mine in zip(marked["input_ids"], marked["assistant_masks"], strict=True) if mine]
    assert tokenizer.decode(kept) == "It is on its way.<|im_end|>You are welcome.<|im_end|>"


def test_trl_takes_the_template_as_it_stands(small: tuple[Any, Any]) -> None:
    from trl.chat_template_utils import get_training_chat_template

    _, tokenizer = small
    assert get_training_chat_template(tokenizer) is None


def test_special_tokens_are_one_token_each_and_padding_is_not_the_end_of_a_turn(small: tuple[Any, Any]) -> None:
    network, tokenizer = small
    assert (tokenizer.eos_token, tokenizer.pad_token) == (TURN_ENDS, END_OF_TEXT)
    assert len(tokenizer(TURN_ENDS + END_OF_TEXT)["input_ids"]) == 2
    assert network.config.eos_token_id == network.generation_config.eos_token_id == tokenizer.eos_token_id
    assert network.config.vocab_size == len(tokenizer)
