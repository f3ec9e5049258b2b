"""One file of a source: known by its version before its bytes are fetched, whatever kind of source it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tasks.acquire.config import FileFormat


@dataclass(frozen=True)
class SourceFile:
    """A file, an object, a split of a hub dataset, or a window of served traffic."""

    name: str
    """File name, key or dataset id without the folder or bucket: moving a file changes nothing."""
    where: str
    """The file as a person would look for it, for messages."""
    version: str
    """What pins its bytes, for example `sha256:…`, `etag:…` or `version:…`."""
    size_bytes: int | None
    """Null where it is not known before it is fetched."""
    format: FileFormat
    """Of the fetched file; `auto` goes by the name's ending."""
    fetch: Callable[[Path], Path]
    """Bring the bytes of just this version to a file in the given folder, and return its path."""
