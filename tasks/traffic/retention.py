"""How long served answers and feedback are kept: what is older goes, a whole day at a time."""

from __future__ import annotations

import re
from datetime import date, timedelta

from tasks.errors import StorageError
from tasks.traffic.feedback import feedback_folder
from tasks.traffic.private_files import make_private

DAY_FILE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\.jsonl")


def remove_older(model: str, keep_days: int, today: date) -> int:
    """Remove the answers and the feedback of all days but the last `keep_days` before `today`; returns how many files.

    The folders are closed to other users on the way. Raises StorageError where one cannot be read or written.
    """
    oldest_kept = (today - timedelta(days=keep_days)).isoformat()
    removed = 0
    for folder in (feedback_folder(model).parent, feedback_folder(model)):
        try:
            make_private(folder)
            for path in sorted(folder.iterdir()):
                if DAY_FILE.fullmatch(path.name) and path.stem < oldest_kept:
                    path.unlink(missing_ok=True)
                    removed += 1
        except OSError as error:
            raise StorageError(
                f"{folder} cannot be kept private and in time ({error.strerror or error}): mend its rights"
            ) from None
    return removed
