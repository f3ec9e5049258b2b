"""The door of the stage `validate`: rows that are not what they must be are set aside, and a bad set stops the run."""

from __future__ import annotations

from tasks.records import DatasetRef
from tasks.stage import stage
from tasks.validate.config import ValidationConfig


def summary(dataset: DatasetRef) -> str:
    """What was kept and what was set aside here, in one line."""
    from tasks.validate.summary import line_for_people

    return line_for_people(dataset)


@stage(reuse=True, says=summary)
def validate(raw: DatasetRef, accepted: DatasetRef | None, config: ValidationConfig) -> DatasetRef:
    """Check every row with Great Expectations, and the set by its rules and against what the champion was trained on.

    Raises DataRejected, with the evidence kept. `accepted` is null where there is no champion yet.
    """
    from tasks.validate.checked import check_dataset

    return check_dataset(raw, config, accepted)
