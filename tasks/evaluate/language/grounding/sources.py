"""What the answer to a row may rest on: its prompt or a part of it, a file for all rows, the wanted answer if asked."""

from __future__ import annotations

from pathlib import Path

from tasks.errors import UserInputError
from tasks.evaluate.language.grounding.config import GroundingConfig
from tasks.models.conversation import messages_of
from tasks.records import TaskKind
from tasks.rules.expressions import compiled

SETTING = "evaluation.grounding"


def sources_of(prompts: list[str], wanted: list[str], task: TaskKind, config: GroundingConfig) -> list[str | None]:
    """The source of each row; None where the pattern finds none in its prompt.

    Raises UserInputError where the pattern is no regular expression or the file cannot be read.
    """
    pattern = compiled(config.source_pattern, f"{SETTING}.source_pattern") if config.source_pattern else None
    for_all = _file(config.sources_path)
    found: list[str | None] = []
    for prompt, answer in zip(prompts, wanted, strict=True):
        text = "\n".join(message["content"] for message in messages_of(prompt, task))
        if pattern is not None:
            parts = [match.group(1) if pattern.groups else match.group() for match in pattern.finditer(text)]
            text = "\n".join(part for part in parts if part)
        own = "\n".join([text, *([answer] if config.wanted_is_source else [])])
        found.append(f"{own}\n{for_all}" if text.strip() else None)
    return found


def _file(path: str | None) -> str:
    if path is None:
        return ""
    try:
        return Path(path).expanduser().read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UserInputError(
            f"{SETTING}.sources_path names {path}, which cannot be read ({reason}): name a text file in UTF-8, or "
            "leave the setting out"
        ) from None
