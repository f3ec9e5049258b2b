"""The door of the stage `curate`: checked rows and people's answers become the rows to train and judge on."""

from __future__ import annotations

import hashlib
from typing import Any

from tasks.curate.config import CurationConfig
from tasks.errors import UserInputError
from tasks.models.bundled import base_model_digest
from tasks.records import Answers, DatasetRef
from tasks.stage import stage


def summary(dataset: DatasetRef) -> str:
    """Rows by split, and how many were merged and set aside so far, in one line."""
    kept = ", ".join(f"{count:,} {split}" for split, count in dataset.rows.items())
    return f"{kept}; {dataset.merged:,} merged, {sum(dataset.quarantined.values()):,} quarantined"


def pointed_to(inputs: dict[str, Any]) -> str:
    """What the config only names: the encoder's bytes, and the key of the stand-ins, as a digest."""
    from tasks.curate.personal_data import stand_in_key

    config: CurationConfig = inputs["config"]
    try:
        key = stand_in_key(config.compliance) or b""
    except UserInputError:
        key = b""  # the stage itself says so, with its name in front
    return f"{base_model_digest(config.embedding_model)} {hashlib.sha256(key).hexdigest()}"


@stage(reuse=True, also=pointed_to, says=summary)
def curate(checked: DatasetRef, answers: Answers, config: CurationConfig) -> DatasetRef:
    """Bring answers in, see to the six qualities, and split. Raises DataRejected if too little is left."""
    from tasks.curate.curated import curate_dataset

    return curate_dataset(checked, answers, config)
