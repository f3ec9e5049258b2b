"""A row's prompt and answer as token ids, as a language model reads and writes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.errors import UserInputError
from tasks.models.conversation import rendered_answer, rendered_prompt
from tasks.records import TaskKind

_MARK = "\u00a7"
"""Stands for an answer whose end is looked for; a sign that no template writes."""


@dataclass(frozen=True)
class AnswerTokens:
    """Token ids of a prompt, and of an answer with the token that ends it."""

    prompt: list[int]
    answer: list[int]

    def __len__(self) -> int:
        return len(self.prompt) + len(self.answer)


def prompt_tokens(tokenizer: Any, text: str, task: TaskKind) -> list[int]:
    """Token ids of what the model reads before it answers, with its beginning token where it has one."""
    return _beginning(tokenizer) + _ids(tokenizer, rendered_prompt(tokenizer, text, task))


def tokens_of(
    tokenizer: Any, text: str, answer: str, task: TaskKind, stop_ids: frozenset[int], longest: int
) -> AnswerTokens:
    """Token ids of a row of at most `longest`, the answer up to the end of its turn.

    Raises UserInputError where no token of the answer is left.
    """
    prompt, said = rendered_answer(tokenizer, text, answer, task)
    before, after = _beginning(tokenizer) + _ids(tokenizer, prompt), _ids(tokenizer, said)
    # Behind the end of the turn a template may write a line break, which nobody waits for.
    ends = [place for place, token in enumerate(after) if token in stop_ids]
    after = after[: ends[-1] + 1 if ends else len(after)][: longest - 1]
    if not after or not before:
        empty = "prompt" if after else "answer"
        raise UserInputError(f"the {empty} has no token, so an answer to it cannot be scored: look at the rows' texts")
    return AnswerTokens(before[-(longest - len(after)) :], after)


def batches_by_length(rows: Sequence[AnswerTokens], batch_size: int, most_tokens: int) -> Iterator[list[int]]:
    """Indices of all rows in batches of like length, each of at most `most_tokens` positions or of a single row."""
    batch: list[int] = []
    for index in sorted(range(len(rows)), key=lambda index: (len(rows[index]), index)):
        if batch and (len(batch) == batch_size or (len(batch) + 1) * len(rows[index]) > most_tokens):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def end_of_turn_ids(tokenizer: Any, also: int | list[int] | None) -> frozenset[int]:
    """Ids of the tokens that end an answer: the tokenizer's end of text, the template's end of turn, and `also`."""
    known = {tokenizer.eos_token_id, *(also if isinstance(also, list) else [also])} - {None}
    if tokenizer.chat_template:
        _, said = rendered_answer(tokenizer, _MARK, _MARK, "instruction")
        behind = _ids(tokenizer, said.rpartition(_MARK)[2])
        known |= {token for token in behind if token in tokenizer.all_special_ids}
    return frozenset(known)


def _ids(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"]) if text else []


def _beginning(tokenizer: Any) -> list[int]:
    """The beginning token, where the tokenizer sets one and no template does so in its place."""
    begin = tokenizer.bos_token_id
    sets_one = not tokenizer.chat_template and begin is not None and begin in tokenizer("")["input_ids"]
    return [begin] if sets_one else []
