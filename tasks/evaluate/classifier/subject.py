"""What every measure of a classifier beside quality looks at: the model, the rows, and what it answered to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from tasks.evaluate.classifier.answers import Answers, Classifier
from tasks.models.torch_classifier import TorchClassifier


@dataclass(frozen=True)
class Subject:
    """A classifier as it is served, its folder, and the holdout with what the classifier answered to it."""

    model_folder: Path
    dataset_folder: Path
    """The dataset that the holdout is of, with its other splits."""
    classifier: Classifier
    """The exported form, which is served."""
    holdout: pd.DataFrame
    """Rows with the columns of a dataset: `id`, `text`, `label`, `group` and others; see tasks.records.DatasetRef."""
    answers: Answers
    """What the served form answered to the holdout's rows, in their order."""

    @cached_property
    def trained(self) -> TorchClassifier:
        """The network as it came out of training, for measures that need gradients; loaded on first use."""
        return TorchClassifier.load(self.model_folder)
