"""The door of the stage `validate`: rows that are not what they must be are set aside, and a bad set stops the run."""

from __future__ import annotations

from tasks.records import Artefact, DatasetRef
from tasks.stage import stage
from tasks.validate.config import ValidationConfig


def summary(dataset: DatasetRef) -> str:
    """What was kept and what was set aside here, in one line."""
    from tasks.validate.summary import line_for_people

    return line_for_people(dataset)


@stage(reuse=True, says=summary)
def validate(raw: DatasetRef, config: ValidationConfig) -> DatasetRef:
    """Check every row with Great Expectations, and the set by its rules. Raises DataRejected, the evidence kept."""
    from tasks.validate.checked import check_dataset

    return check_dataset(raw, config)


@stage(says=lambda compared: f"labels and lengths, {compared.digest[:12]}" if compared else "nothing to compare with")
def compare(checked: DatasetRef, accepted: DatasetRef | None, config: ValidationConfig) -> Artefact | None:
    """Compare the rows with what the champion was trained on. Raises DataRejected where they moved too far."""
    from tasks.validate.compared import compare_datasets

    return compare_datasets(checked, accepted, config) if accepted is not None else None
