"""Files that only this user reads: what people wrote to a model, and what was said about it, may be personal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER_MODE, FILE_MODE = 0o700, 0o600


@contextmanager
def append_private(path: Path, access: int = os.O_WRONLY) -> Iterator[int]:
    """A descriptor that appends to a file, mode 0600, in a folder of mode 0700; both are made where they are missing.

    Raises OSError.
    """
    if not path.parent.is_dir():
        path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    descriptor = os.open(path, access | os.O_APPEND | os.O_CREAT, FILE_MODE)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def make_private(folder: Path) -> None:
    """Make a folder that only this user can enter, and take one that others could enter away from them.

    Raises OSError.
    """
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    folder.chmod(FOLDER_MODE)
