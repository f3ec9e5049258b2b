"""The door of the stage `synthesize`: rows that nobody wrote join the train split, and stress sets the dataset."""

from __future__ import annotations

from typing import Any

from tasks.records import DatasetRef
from tasks.retries import NETWORK
from tasks.stage import stage
from tasks.synthesize.config import SynthesisConfig


def summary(dataset: DatasetRef) -> str:
    """How many of the train rows are synthetic, in one line."""
    return f"{dataset.rows.get('train', 0):,} train rows, {dataset.made:,} synthetic rows made so far"


def models_behind(inputs: dict[str, Any]) -> str:
    """The digests of the local models that the config only names."""
    from tasks.models.bundled import base_model_digest

    config: SynthesisConfig = inputs["config"]
    backends = [maker.backend for maker in config.makers if maker.kind == "teacher"]
    names = [backend.folder for backend in backends if backend.kind == "local"]
    return " ".join(map(base_model_digest, [*names, *([config.embedding_model] if config.makers else [])]))


@stage(retries=NETWORK, reuse=True, also=models_behind, says=summary)
def synthesize(dataset: DatasetRef, config: SynthesisConfig) -> DatasetRef:
    """Add synthetic rows to the train split and stress sets to the dataset; without either, the dataset as it is.

    Raises UserInputError for a config that does not suit the rows, and RefitError where a teacher does not answer.
    """
    from tasks.synthesize.synthesized import synthesize_dataset

    return synthesize_dataset(dataset, config)
