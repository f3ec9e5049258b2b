"""`refit.json`: what a trained model's folder says about itself beyond its weights."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from tasks.errors import CorruptArtefact
from tasks.records import Record, TaskKind

FILE = "refit.json"
Precision = Literal["float32", "int8"]


class ModelInfo(Record):
    """How to read a model's outputs, and where it comes from."""

    task: TaskKind = "classification"
    """What the model was taught: labels, or answers (a language model)."""
    labels: tuple[str, ...] = ()
    """Label of each logit, in order; none for a language model."""
    temperature: float = Field(default=1.0, gt=0)
    """A classifier's logits are divided by this before the softmax; fitted on the validation split."""
    max_tokens: int = Field(ge=1)
    """Longer texts are cut to this many tokens."""
    base_model: str
    """The base model as the config named it."""
    technique: str
    """Kind of the fine-tuning technique."""
    stages: tuple[str, ...] = ("classify",)
    """Kinds of the training stages, in their order."""
    dataset_digest: str
    """Digest of the dataset that it was trained on."""
    seed: int
    """Seed of the training."""
    precision: Precision = "float32"
    """What a classifier's exported graph calculates with."""

    @model_validator(mode="after")
    def _labels_for_a_classifier(self) -> Self:
        if self.task == "classification" and len(self.labels) < 2:
            raise ValueError("a classifier needs at least two labels")
        return self

    @classmethod
    def read(cls, folder: Path) -> ModelInfo:
        """The record of the model in `folder`. Raises CorruptArtefact where there is none or it is not valid."""
        try:
            return cls.model_validate_json((folder / FILE).read_bytes())
        except FileNotFoundError:
            raise CorruptArtefact(f"{folder} is no model of Refit: it has no {FILE}") from None
        except ValidationError as error:
            raise CorruptArtefact(f"{folder / FILE} is not valid: {error}") from None

    def write(self, folder: Path) -> None:
        """Write the record into `folder`."""
        (folder / FILE).write_text(self.model_dump_json(indent=1), encoding="utf-8")
