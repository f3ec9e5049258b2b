"""The door of the stage `curate`: checked rows and people's answers become the rows to train and judge on."""

from __future__ import annotations

from tasks.curate.config import CurationConfig
from tasks.models.bundled import base_model_digest
from tasks.records import Answers, DatasetRef
from tasks.stage import stage


def summary(dataset: DatasetRef) -> str:
    """Rows by split, and how many were merged and set aside so far, in one line."""
    kept = ", ".join(f"{count:,} {split}" for split, count in dataset.rows.items())
    return f"{kept}; {dataset.merged:,} merged, {sum(dataset.quarantined.values()):,} quarantined"


@stage(reuse=True, also=lambda inputs: base_model_digest(inputs["config"].embedding_model), says=summary)
def curate(checked: DatasetRef, answers: Answers, config: CurationConfig) -> DatasetRef:
    """Bring answers in, see to the six qualities, and split. Raises DataRejected if too little is left."""
    from tasks.curate.curated import curate_dataset

    return curate_dataset(checked, answers, config)
