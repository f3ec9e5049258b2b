"""Rows become token ids, and only what the assistant says carries loss."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from tasks.records import TaskKind
from tasks.train.language.rows import Example, examples_of, rendered_rows
from tests.tasks.train.language.tiny_language import make_tokenizer

TEMPLATE_THAT_FORGETS = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['role'] == 'assistant' and loop.last %}<think>\n\n</think>\n\n{% endif %}"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""As Qwen3's: only the last answer opens with an empty block of reasoning."""


def examples(
    text: str, answer: str | None, tokenizer: Any, task: TaskKind = "instruction", most: int = 200, on: str = "answer"
) -> Example:
    rows = pd.DataFrame({"id": ["r1"], "text": [text], "answer": [answer]})
    return examples_of(list(rendered_rows(rows, tokenizer, task)), tokenizer, None, most, on)[0]


def learned(example: Example, tokenizer: Any) -> str:
    text: str = tokenizer.decode(example.ids[example.supervised].tolist())
    return text


def whole(example: Example, tokenizer: Any) -> str:
    text: str = tokenizer.decode(example.ids.tolist())
    return text


def test_the_answer_and_the_end_of_its_turn_carry_loss_and_nothing_else_does() -> None:
    tokenizer = make_tokenizer()
    example = examples("where is my card", "it is on its way", tokenizer)
    assert learned(example, tokenizer) == "it is on its way<|im_end|>"
    assert whole(example, tokenizer).startswith("<|im_start|>user\nwhere is my card<|im_end|>\n<|im_start|>assistant\n")
    assert example.ends
    assert not example.cut


def test_the_prompt_carries_loss_too_where_it_is_asked_for() -> None:
    example = examples("where is my card", "it is on its way", make_tokenizer(), on="everything")
    assert example.supervised.all()


def test_without_a_chat_template_a_row_is_prompt_line_break_answer_and_end_of_text() -> None:
    tokenizer = make_tokenizer(chat_template=None)
    example = examples("where is my card", "it is on its way", tokenizer)
    assert whole(example, tokenizer) == "where is my card\nit is on its way<|im_end|>"
    assert learned(example, tokenizer) == "it is on its way<|im_end|>"


def test_every_assistant_turn_of_a_chat_carries_loss() -> None:
    tokenizer = make_tokenizer()
    turns = [("system", "be kind"), ("user", "thanks"), ("assistant", "how can i help"), ("user", "my card")]
    chat = json.dumps([{"role": role, "content": content} for role, content in turns])
    assert learned(examples(chat, "here it is", tokenizer, "chat"), tokenizer) == (
        "how can i help<|im_end|>here it is<|im_end|>"
    )
    assert learned(examples(chat, None, tokenizer, "chat"), tokenizer) == "how can i help<|im_end|>"


def test_a_template_that_writes_earlier_turns_otherwise_marks_them_all_the_same() -> None:
    tokenizer = make_tokenizer(TEMPLATE_THAT_FORGETS)
    turns = [("user", "thanks"), ("assistant", "how can i help"), ("user", "my card")]
    chat = json.dumps([{"role": role, "content": content} for role, content in turns])
    assert learned(examples(chat, "here it is", tokenizer, "chat"), tokenizer) == (
        "how can i help<|im_end|><think>\n\n</think>\n\nhere it is<|im_end|>"
    )


def test_a_prompt_that_is_too_long_loses_its_beginning_and_never_the_answer() -> None:
    tokenizer = make_tokenizer()
    example = examples("please " * 50 + "where is my card", "it is on its way", tokenizer, most=24)
    assert len(example) == 24
    assert example.cut
    assert learned(example, tokenizer) == "it is on its way<|im_end|>"
    assert whole(example, tokenizer).endswith("my card<|im_end|>\n<|im_start|>assistant\nit is on its way<|im_end|>")


def test_an_answer_that_is_too_long_loses_its_end_and_leaves_a_quarter_to_the_prompt() -> None:
    example = examples("where is my card", "on its way " * 50, make_tokenizer(), most=24)
    assert len(example) == 24
    assert int(example.supervised.sum()) == 18
    assert not example.ends
