"""The techniques of the section `training`: which parameters are trained, and how."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tasks.section import Section


class FullTechnique(Section):
    """Every parameter is trained."""

    kind: Literal["full"] = "full"


class LastLayersTechnique(Section):
    """Only the last layers, and what comes after them (final norm, head), are trained."""

    kind: Literal["last_layers"] = "last_layers"
    layers: int = Field(default=4, ge=1)
    """How many of the last transformer layers are trained; 4 to 6 is usual."""


class LowRankTechnique(Section):
    """What adapters on all linear layers share."""

    rank: int = Field(default=16, ge=1)
    """Rank of the update."""
    alpha: float = Field(default=32, gt=0)
    """Scale of the update; it is multiplied by alpha / rank."""
    dropout: float = Field(default=0.05, ge=0, lt=1)
    """Dropout in front of the adapter; none is used with `training.quantisation_aware`."""
    rank_stabilised: bool = False
    """Scale by alpha / sqrt(rank) instead, which keeps high ranks learning (rsLoRA, arXiv:2312.03732)."""
    dora: bool = False
    """Learn the length of each weight column apart from its direction (DoRA, arXiv:2402.09353); slower."""


class LoraTechnique(LowRankTechnique):
    """Low-rank adapters on all linear layers, merged into the model at the end (Hu et al., arXiv:2106.09685).

    Of a mixture of experts, the experts' matrices get adapters too, the router never.
    """

    kind: Literal["lora"] = "lora"


class FewShotTechnique(LowRankTechnique):
    """A few dozen very specific rows, 64 as a rule: adapters as with `lora`, in small batches, seen many times.

    What the section `training` leaves out has defaults of its own then: batch_size 8, epochs 20 and
    early_stopping_patience 5, since few rows want more steps than is usual (arXiv:2006.05987). A classifier's few
    validation rows fit a rough temperature: a larger curation.validation_share calibrates it better.
    """

    kind: Literal["few_shot"] = "few_shot"


class QloraTechnique(Section):
    """LoRA over a base model held in 4 bits (NF4, double quantisation; arXiv:2305.14314); needs a CUDA device."""

    kind: Literal["qlora"] = "qlora"
    rank: int = Field(default=16, ge=1)
    """Rank of the update."""
    alpha: float = Field(default=32, gt=0)
    """Scale of the update; it is multiplied by alpha / rank."""
    dropout: float = Field(default=0.05, ge=0, lt=1)
    """Dropout in front of the adapter."""


class ExpertLoraTechnique(Section):
    """Adapters on experts of a mixture-of-experts model only; the router and everything else stay as they are.

    The experts are those to which the training rows are routed most (expert-specialised tuning, arXiv:2407.01906).
    """

    kind: Literal["expert_lora"] = "expert_lora"
    rank: int = Field(default=16, ge=1)
    """Rank of the update of each expert's matrices."""
    alpha: float = Field(default=32, gt=0)
    """Scale of the update; it is multiplied by alpha / rank."""
    share: float = Field(default=0.3, gt=0, le=1)
    """Share of the experts of each layer that get adapters."""


Technique = Annotated[
    FullTechnique | LastLayersTechnique | LoraTechnique | FewShotTechnique | QloraTechnique | ExpertLoraTechnique,
    Field(discriminator="kind"),
]

ADAPTERS = ("lora", "few_shot", "qlora", "expert_lora")
"""The kinds that leave the base model's own parameters as they are."""
FEW_SHOT_DEFAULTS = {"batch_size": 8, "epochs": 20.0, "early_stopping_patience": 5}
"""Of the section `training`, with the technique `few_shot`."""
