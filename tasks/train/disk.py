"""What cannot be written ends a training with where, why and how much room is needed, and costs no older checkpoint."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from tasks.errors import TrainingFailed

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
MEGABYTE = 1e6
WRITERS_WORDS = ("PytorchStreamWriter failed", "file write failed", "unexpected pos", "iostream error")
"""How torch's archive writer, which has no error class of its own, says that its file could not be written."""


@contextmanager
def explained_writing(written: Path, needed_bytes: Callable[[], int]) -> Iterator[None]:
    """What fails in the block while `written` is written becomes a TrainingFailed, and what was written is removed.

    `needed_bytes` says how large a whole checkpoint is.
    """
    try:
        yield
    except (OSError, SafetensorError) as error:
        raise _explained(error, written, needed_bytes()) from error
    except RuntimeError as error:
        if not any(words in str(error) for words in WRITERS_WORDS):
            raise
        raise _explained(error, written, needed_bytes()) from error


def _explained(error: Exception, written: Path, needed_bytes: int) -> TrainingFailed:
    if isinstance(error, OSError):
        is_full = error.errno in FULL
    else:
        # Neither torch nor safetensors hands the system's error on.
        is_full = shutil.disk_usage(_existing(written)).free < max(needed_bytes, MEGABYTE)
    # What is left of it would fill the disk for the next attempt too.
    shutil.rmtree(written, ignore_errors=True)
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    if is_full:
        free = shutil.disk_usage(_existing(written)).free
        reason = f"there is no room left ({free / MEGABYTE:,.1f} MB free once what was written of it was removed)"
    return TrainingFailed(
        f"the checkpoint {written.name} cannot be written to {written.parent}: {reason}. One checkpoint takes "
        f"{needed_bytes / MEGABYTE:,.1f} MB, and there must be room for three; make room there or set REFIT_HOME to a "
        "larger disk. The checkpoints before it are whole"
    )


def _existing(path: Path) -> Path:
    return next(parent for parent in (path, *path.parents) if parent.exists())
