"""Rows to token ids, once, with a mark on every token that carries loss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.models.answer_tokens import end_of_turn_ids
from tasks.models.conversation import messages_of, rendered_answer
from tasks.records import TaskKind

LEAST_PROMPT_SHARE = 0.25
"""Of a row that is too long, the prompt keeps at least this share of what is allowed."""

Spans = list[tuple[int, int]]


@dataclass(frozen=True)
class Rendered:
    """A row as the model reads it, and where in that text its answers stand."""

    id: str
    text: str
    answers: Spans
    """First and last character (exclusive) of each answer, with what ends its turn."""
    wanted: str
    """The answer that must be found in the text; of a chat without one, its last assistant turn."""


@dataclass(frozen=True)
class Example:
    """A row as token ids; `supervised` marks those that carry loss."""

    id: str
    ids: npt.NDArray[np.int32]
    supervised: npt.NDArray[np.bool_]
    ends: bool
    """Whether the last token of the last answer ends it."""
    cut: bool
    """Whether the row was longer than allowed."""

    def __len__(self) -> int:
        return len(self.ids)


def rendered_rows(rows: pd.DataFrame, tokenizer: Any, task: TaskKind) -> Iterator[Rendered]:
    """Each row by the tokenizer's chat template; without one, as prompt, line break, answer and end of text.

    Of a chat every assistant turn is an answer. Raises UserInputError where the template refuses a conversation.
    """
    for row_id, text, answer in zip(rows["id"], rows["text"], rows["answer"], strict=True):
        wanted = answer if isinstance(answer, str) else ""
        if task == "chat":
            yield _rendered_chat(row_id, text, wanted, tokenizer)
        else:
            prompt, said = rendered_answer(tokenizer, text, wanted, task)
            spans = [(len(prompt), len(prompt) + len(said))] if wanted.strip() else []
            yield Rendered(row_id, prompt + said, spans, wanted)


def examples_of(
    rendered: list[Rendered], tokenizer: Any, eos: int | list[int] | None, max_tokens: int, loss_on: str
) -> list[Example]:
    """Token ids of each row, at most `max_tokens`.

    `eos` is what the network's generation config holds to be an end. With `loss_on` "everything" every token carries
    loss. A row that is too long loses the beginning of its prompt, down to a quarter of what is allowed, and then the
    end of its last answer: so there always is an answer to learn.
    """
    ends = np.array(sorted(end_of_turn_ids(tokenizer, eos)), dtype=np.int32)
    start = beginning(tokenizer)
    encoded = tokenizer(
        [row.text for row in rendered],
        add_special_tokens=False,
        return_attention_mask=False,
        return_token_type_ids=False,
        return_offsets_mapping=True,
        verbose=False,
    )
    examples = []
    for row, ids, offsets in zip(rendered, encoded["input_ids"], encoded["offset_mapping"], strict=True):
        tokens = np.array([*start, *ids], dtype=np.int32)
        places = np.array([*[(0, 0)] * len(start), *offsets], dtype=np.int64).reshape(-1, 2)
        marks = [_within(places, span, tokens, ends) for span in row.answers]
        answer = np.logical_or.reduce(marks) if marks else np.zeros(len(tokens), dtype=np.bool_)
        last = int(np.argmax(marks[-1])) if marks and marks[-1].any() else len(tokens)
        if loss_on == "answer" and answer.any():
            # What stands behind the last token that carries loss would be computed for nothing.
            stop = int(np.flatnonzero(answer)[-1]) + 1
            tokens, answer = tokens[:stop], answer[:stop]
        kept, cut = _kept(len(tokens), last, max_tokens), len(tokens) > max_tokens
        tokens, answer = tokens[kept], answer[kept]
        supervised = np.ones_like(answer) if loss_on == "everything" and answer.any() else answer
        ended = bool(answer.any() and tokens[answer][-1] in ends)
        examples.append(Example(row.id, tokens, supervised, ended, cut))
    return examples


def beginning(tokenizer: Any) -> list[int]:
    """The beginning token, where the tokenizer sets one and no chat template does so in its place."""
    begin = tokenizer.bos_token_id
    sets_one = not tokenizer.chat_template and begin is not None and begin in tokenizer("")["input_ids"]
    return [begin] if sets_one else []


def _rendered_chat(row_id: str, text: str, answer: str, tokenizer: Any) -> Rendered:
    messages = messages_of(text, "chat")
    if answer.strip():
        messages = [*messages, {"role": "assistant", "content": answer}]
    turns = [place for place, message in enumerate(messages) if message["role"] == "assistant" and place > 0]
    if not turns:
        return Rendered(row_id, "", [], "")
    pieces = [
        rendered_answer(tokenizer, json.dumps(messages[:place]), messages[place]["content"], "chat") for place in turns
    ]
    whole = "".join(pieces[-1])
    spans = []
    for place, (prompt, said) in zip(turns, pieces, strict=True):
        begin = _shared(prompt, whole)
        end = _end_of_answer(whole, begin, said, messages[place]["content"].strip(), tokenizer.eos_token)
        if end > begin:
            spans.append((begin, end))
    return Rendered(row_id, whole, spans, messages[turns[-1]]["content"])


def _end_of_answer(whole: str, begin: int, said: str, content: str, end_of_text: str) -> int:
    """Where in the whole conversation an answer's turn ends; `begin` where the answer cannot be found there.

    A template may write a turn otherwise once others follow it (Qwen3 leaves its reasoning out, for one).
    """
    if whole.startswith(said, begin):
        return begin + len(said)
    found = whole.find(content, begin) if content else -1
    if found < 0:
        return begin
    end = found + len(content)
    return end + len(end_of_text) if whole.startswith(end_of_text, end) else end


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    if other.startswith(one):
        return len(one)
    return next(place for place in range(len(one)) if one[: place + 1] != other[: place + 1])


def _within(
    places: npt.NDArray[np.int64], span: tuple[int, int], tokens: npt.NDArray[np.int32], ends: npt.NDArray[np.int32]
) -> npt.NDArray[np.bool_]:
    """The tokens that hold characters of a span, up to the last one that ends a turn."""
    marked: npt.NDArray[np.bool_] = (places[:, 1] > span[0]) & (places[:, 0] < span[1])
    stops = np.flatnonzero(marked & np.isin(tokens, ends))
    if len(stops):
        # Behind the end of the turn a template may write a line break, which nobody waits for.
        marked[stops[-1] + 1 :] = False
    return marked


def _kept(length: int, last_answer: int, most: int) -> slice:
    """What stays of a row of `length` tokens whose last answer begins at `last_answer`."""
    if length <= most:
        return slice(0, length)
    prompt = min(last_answer, max(most - (length - last_answer), int(LEAST_PROMPT_SHARE * most)))
    return slice(last_answer - prompt, last_answer - prompt + most)
