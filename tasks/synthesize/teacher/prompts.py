"""What a teacher is asked: new texts of a label after a few examples, or the answer to a prompt that is there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.records import TaskKind

WRITER = (
    "You write training data for a text classifier. Write as real people write: vary length, wording, tone, and how "
    "careful the writing is. Make up no personal data: no names of people, no e-mail addresses, no telephone, card or "
    "account numbers. Copy no example."
)
ANSWERER = "You are a helpful expert. Answer completely and correctly, and no longer than needed."
JSON_ONLY = "Answer with JSON only."


@dataclass(frozen=True)
class Prompt:
    """Messages for a teacher, and the row that they come from."""

    messages: tuple[dict[str, str], ...]
    label: str
    parent: int
    """Place of the parent among the parents: the first example, or the row whose prompt is answered."""
    examples: tuple[str, ...] = ()
    """Texts that a new row must not copy."""


def new_texts_prompt(
    label: str,
    description: str,
    examples: Sequence[str],
    parent: int,
    *,
    rows: int,
    task_description: str,
    other_labels: Sequence[str],
) -> Prompt:
    """Ask for `rows` new texts of a label, as a JSON list of objects with `text` and `label`."""
    lines = [task_description] if task_description else []
    lines += [f"Write {rows} new texts of the label {json.dumps(label, ensure_ascii=False)}."]
    lines += [f"The label means: {description}"] if description else []
    if other_labels:
        lines.append(
            "Not to be mistaken for the labels " + ", ".join(json.dumps(other) for other in other_labels) + "."
        )
    lines += ["Examples of the label:", *(json.dumps(example, ensure_ascii=False) for example in examples)]
    lines.append(
        f'Answer with nothing but a JSON list of {rows} objects, each {{"text": "…", "label": '
        f"{json.dumps(label, ensure_ascii=False)}}}."
    )
    messages = ({"role": "system", "content": WRITER}, {"role": "user", "content": "\n".join(lines)})
    return Prompt(messages, label, parent, tuple(examples))


def answer_prompt(text: str, task: TaskKind, parent: int, *, task_description: str, json_answers: bool) -> Prompt:
    """Ask for the answer to a row's prompt or conversation."""
    system = " ".join(part for part in (task_description or ANSWERER, JSON_ONLY if json_answers else "") if part)
    turns: list[dict[str, str]] = [{"role": "user", "content": text}]
    if task == "chat":
        turns = [{"role": str(turn["role"]), "content": str(turn["content"])} for turn in json.loads(text)]
    if turns[0]["role"] == "system":
        turns[0] = {"role": "system", "content": f"{turns[0]['content']}\n{system}"}
    else:
        turns.insert(0, {"role": "system", "content": system})
    return Prompt(tuple(turns), "", parent)
