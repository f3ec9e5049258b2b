"""A row's prompt and answer in the form that a language model reads: as messages, and as text by its chat template."""

from __future__ import annotations

import json
import re
from itertools import takewhile
from typing import Any

from tasks.errors import UserInputError
from tasks.records import TaskKind

Messages = list[dict[str, str]]

_SPEAKERS = {"Human": "user", "Assistant": "assistant"}
_TURN = re.compile(r"\n\n(Human|Assistant):")
"""How a turn begins in a dialogue that is written as one text, as in Anthropic's preference data."""
_REASONING = re.compile(r"\A\s*<think>.*?(</think>|\Z)", re.DOTALL)


def messages_of(text: str, task: TaskKind) -> Messages:
    """The prompt of a row as messages of `role` and `content`.

    A chat is a JSON list of them; the prompt of a preference may be one too, or a dialogue of turns that begin with
    `Human:` and `Assistant:` after an empty line; anything else is what a user says. Raises UserInputError for a chat
    that is no such list.
    """
    if task == "chat":
        turns = _turns(text)
        if turns is None:
            raise UserInputError(
                "the text of a chat must be a JSON list of objects with role and content, as `acquire` writes it; "
                f"this one, of {len(text)} characters, is not"
            )
        return turns
    if task == "preference":
        return _turns(text) or _dialogue(text) or [{"role": "user", "content": text}]
    return [{"role": "user", "content": text}]


def rendered_prompt(tokenizer: Any, text: str, task: TaskKind) -> str:
    """What the model reads before it answers: by its chat template, with the generation prompt.

    Where the tokenizer has no template: the text and a line break. Raises UserInputError where a chat meets a
    tokenizer without one, or the template refuses the messages.
    """
    messages = messages_of(text, task)
    if not tokenizer.chat_template:
        _one_turn_only(messages)
        return f"{messages[0]['content']}\n"
    return _templated(tokenizer, messages, add_generation_prompt=True)


def rendered_answer(tokenizer: Any, text: str, answer: str, task: TaskKind) -> tuple[str, str]:
    """What the model reads and what it should then write, end of turn included; joined they are the whole text.

    The first is `rendered_prompt`, less what the template leaves out of it once there is an answer, as TRL has it.
    Raises UserInputError as `rendered_prompt` does.
    """
    prompt = rendered_prompt(tokenizer, text, task)
    if not tokenizer.chat_template:
        return prompt, f"{answer}{tokenizer.eos_token or ''}"
    messages = [*messages_of(text, task), {"role": "assistant", "content": answer}]
    whole = _templated(tokenizer, messages, add_generation_prompt=False)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(prompt, whole, strict=False)))
    return whole[:shared], whole[shared:]


def without_reasoning(generated: str) -> str:
    """A generated text without the `<think>` block that it may open with, and without blanks around it."""
    return _REASONING.sub("", generated).strip()


def _templated(tokenizer: Any, messages: Messages, *, add_generation_prompt: bool) -> str:
    from jinja2 import TemplateError

    try:
        return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=add_generation_prompt))
    except TemplateError as error:
        roles = ", ".join(message["role"] for message in messages)
        raise UserInputError(
            f"the model's chat template refuses a conversation of the turns {roles}: {error}; mend the rows, or take "
            "a base model whose template knows these turns"
        ) from None


def _one_turn_only(messages: Messages) -> None:
    if len(messages) != 1 or messages[0]["role"] != "user":
        raise UserInputError(
            "the model's tokenizer has no chat template, so a conversation of several turns has no form that it could "
            "read: take a base model with one (an -Instruct or -Chat model), or rows of the task instruction"
        )


def _turns(text: str) -> Messages | None:
    """The messages that a JSON text lists; None where it is no such list."""
    if not text.lstrip().startswith("["):
        return None
    try:
        turns = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(turns, list) or not turns:
        return None
    known = all(
        isinstance(turn, dict) and isinstance(turn.get("role"), str) and isinstance(turn.get("content"), str)
        for turn in turns
    )
    return [{"role": turn["role"], "content": turn["content"]} for turn in turns] if known else None


def _dialogue(text: str) -> Messages | None:
    """The messages of a text that opens with a turn and ends where the assistant is to answer; None for any other."""
    pieces = _TURN.split(text)
    if len(pieces) < 3 or pieces[0].strip() or pieces[1] != "Human" or pieces[-2:] != ["Assistant", ""]:
        return None
    turns = zip(pieces[1:-2:2], pieces[2:-2:2], strict=True)
    return [{"role": _SPEAKERS[speaker], "content": said.strip()} for speaker, said in turns]
