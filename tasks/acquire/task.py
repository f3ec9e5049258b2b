"""The door of the stage `acquire`: bring the rows in from wherever the config says they are."""

from __future__ import annotations

from tasks.acquire.config import DataConfig
from tasks.records import DatasetRef
from tasks.retries import NETWORK
from tasks.stage import report_progress, stage


def summary(dataset: DatasetRef) -> str:
    """What came in, in one line."""
    rows = ", ".join(f"{count:,} {split}" for split, count in dataset.rows.items())
    malformed = sum(dataset.quarantined.values())
    return f"{rows} rows" + (f"; {malformed:,} malformed set aside" if malformed else "")


@stage(retries=NETWORK, says=summary)
def acquire(config: DataConfig) -> DatasetRef:
    """Read the sources into one content-addressed dataset; it always runs, for only reading shows what is there."""
    from tasks.acquire.dataset import acquire_dataset

    return acquire_dataset(config, lambda done, total, words: report_progress("acquire", done, total, words))
