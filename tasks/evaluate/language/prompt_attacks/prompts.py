"""An attack as the model meets it: what it is told before, the row that the attack hides in, and the user's frame."""

from __future__ import annotations

import json

from tasks.evaluate.language.prompt_attacks.suite import ROW, Attack
from tasks.models.conversation import messages_of
from tasks.records import TaskKind

LONGEST_ROW = 400
"""Letters of a row's text that an attack hides in; a longer one would push the attack out of a small model's sight."""


def prompts_for(attacks: tuple[Attack, ...], rows: list[str], frame: str, task: TaskKind) -> list[str]:
    """The prompts, in the form of the task's rows. `rows` are texts of the holdout, taken in turns where one is needed.

    What the model is told before stands in the same turn: not every model has a turn for it.
    """
    hosts = [messages_of(row, task)[-1]["content"][:LONGEST_ROW] for row in rows]
    framed = []
    for place, attack in enumerate(attacks):
        asked = attack.prompt.replace(ROW, hosts[place % len(hosts)]).strip()
        told = f"{attack.system.strip()}\n\n{asked}" if attack.system.strip() else asked
        framed.append(frame.replace("{attack}", told))
    if task == "chat":
        return [json.dumps([{"role": "user", "content": text}], ensure_ascii=False) for text in framed]
    return framed
