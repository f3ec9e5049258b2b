"""The section `training` of the YAML: the base model, the technique, and the schedule."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tasks.section import Section


class FullTechnique(Section):
    """Every parameter is trained."""

    kind: Literal["full"] = "full"


class LastLayersTechnique(Section):
    """Only the last layers and the classification head are trained."""

    kind: Literal["last_layers"] = "last_layers"
    layers: int = Field(default=4, ge=1)
    """How many of the last transformer layers are trained; 4 to 6 is usual."""


class LoraTechnique(Section):
    """Low-rank adapters on all linear layers, merged into the model at the end (Hu et al., 2021)."""

    kind: Literal["lora"] = "lora"
    rank: int = Field(default=16, ge=1)
    """Rank of the update."""
    alpha: float = Field(default=32, gt=0)
    """Scale of the update; it is multiplied by alpha / rank."""
    dropout: float = Field(default=0.05, ge=0, lt=1)
    """Dropout in front of the adapter."""


Technique = Annotated[FullTechnique | LastLayersTechnique | LoraTechnique, Field(discriminator="kind")]


class TrainingConfig(Section):
    """The base model, the technique, and the schedule."""

    base_model: str = "bundled:minilm-l6"
    """What is fine-tuned: `bundled:minilm-l6`, a hub id, or a local folder with safetensors."""
    technique: Technique = FullTechnique()
    """Which parameters are trained."""
    epochs: float = Field(default=4, gt=0)
    """Passes over the training rows."""
    batch_size: int = Field(default=32, ge=1)
    """Rows a step."""
    learning_rate: float = Field(default=3e-4, gt=0)
    """Peak learning rate; it rises over the warm-up and falls along a cosine."""
    warmup_steps: int = Field(default=50, ge=0)
    """Steps of linear warm-up; at most a fifth of all steps is used."""
    weight_decay: float = Field(default=0.01, ge=0)
    """AdamW's weight decay."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Share of each target spread over all labels (Szegedy et al., 2016); 0 leaves the targets as they are."""
    max_tokens: int = Field(default=128, ge=8)
    """Longer texts are cut to this many tokens."""
    early_stopping_patience: int = Field(default=2, ge=1)
    """Evaluations without a better validation loss before training stops; the best checkpoint is kept."""
    evaluations_per_epoch: int = Field(default=1, ge=1)
    """How often the validation split is scored, and a checkpoint written."""
    seed: int = Field(default=17, ge=0)
    """Seed of initialisation, order and dropout; on CPU the same seed gives the same model."""
