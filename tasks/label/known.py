"""The labels that an answer may be: what the queue has suggested and been given, and what the YAML allows."""

from __future__ import annotations

from collections.abc import Iterable

from tasks.label.file_queue import FileQueue


def known_labels(queue: FileQueue, allowed: Iterable[str] | None, champion: Iterable[str] = ()) -> list[str]:
    """The allowed labels where the config names them; else the champion's, and those that the queue holds; sorted."""
    if allowed:
        return sorted(set(allowed))
    held = {label for row in queue.questions() for label in (row.suggested, row.label) if label}
    return sorted(held | set(champion))
