"""The door of the stage `validate`: rows that are not what they must be are set aside, and a bad set stops the run."""

from __future__ import annotations

from tasks.records import DatasetRef
from tasks.stage import stage
from tasks.validate.config import ValidationConfig
from tasks.validate.suite import IN_WORDS


def summary(dataset: DatasetRef) -> str:
    """What was kept and what was set aside here, in one line."""
    aside = {IN_WORDS[name]: count for name, count in dataset.quarantined.items() if name in IN_WORDS}
    reasons = ", ".join(f"{count:,} {words}" for words, count in sorted(aside.items(), key=lambda item: -item[1]))
    kept = f"{sum(dataset.rows.values()):,} kept, {sum(aside.values()):,} quarantined"
    return f"{kept} ({reasons})" if aside else kept


@stage(reuse=True, says=summary)
def validate(raw: DatasetRef, config: ValidationConfig) -> DatasetRef:
    """Check every row with Great Expectations and the set by its rules. Raises DataRejected, with the evidence kept."""
    from tasks.validate.checked import check_dataset

    return check_dataset(raw, config)
