"""`refit.json`: what a trained model's folder says about itself beyond its weights."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError

from tasks.errors import CorruptArtefact
from tasks.records import Record

FILE = "refit.json"


class ModelInfo(Record):
    """How to read a model's outputs, and where it comes from."""

    labels: tuple[str, ...] = Field(min_length=2)
    """Label of each logit, in order."""
    temperature: float = Field(gt=0)
    """Logits are divided by this before the softmax; fitted on the validation split."""
    max_tokens: int = Field(ge=1)
    """Longer texts are cut to this many tokens."""
    base_model: str
    """The base model as the config named it."""
    technique: str
    """Kind of the fine-tuning technique."""
    dataset_digest: str
    """Digest of the dataset that it was trained on."""
    seed: int
    """Seed of the training."""

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
