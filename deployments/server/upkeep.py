"""What the server does once a day: old answers and feedback are removed."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from tasks.errors import StorageError
from tasks.traffic.retention import remove_older

log = logging.getLogger(__name__)
DAY_SECONDS = 24 * 3600


async def remove_daily(model: str, keep_days: int, wait_seconds: float = DAY_SECONDS) -> None:
    """Remove what is older than `keep_days` days, now and every `wait_seconds`, until cancelled."""
    while True:
        try:
            removed = await asyncio.to_thread(remove_older, model, keep_days, datetime.now(UTC).date())
        except StorageError as error:
            log.error("old answers and feedback stay: %s", error)
        else:
            if removed:
                log.info("removed %d day files of answers and feedback older than %d days", removed, keep_days)
        await asyncio.sleep(wait_seconds)
