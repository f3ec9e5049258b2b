"""The part `adversarial` of the section `training`: training against small changes of the embeddings."""

from __future__ import annotations

from pydantic import Field

from tasks.section import Section


class AdversarialConfig(Section):
    """A classifier's: it learns from rows whose embeddings are changed as an attack would change them.

    Each step of training takes `steps` passes instead of one, and so as much longer. It costs least in accuracy where a
    trained model goes on so: `base_model` is its folder, for two epochs at a third of the learning rate.
    """

    epsilon: float = Field(default=0.6, gt=0, allow_inf_nan=False)
    """Largest change of a token, as in evaluation.robustness.epsilon: relative to the mean norm of the vocabulary's
    embeddings. Several times that epsilon, since a batch's few steps do not find what an attack does."""
    steps: int = Field(default=2, ge=2)
    """Passes over a batch: in each the change grows along the loss's gradient, and the weights learn from all."""
