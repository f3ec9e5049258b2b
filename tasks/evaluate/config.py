"""The section `evaluation` of the YAML: how a model is measured."""

from __future__ import annotations

from pydantic import Field

from tasks.section import Section


class EvaluationConfig(Section):
    """How a model is measured. Limits are the gates' business."""

    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Confidence level of every interval."""
    bootstrap_samples: int = Field(default=1000, ge=100)
    """Resamples behind every interval."""
    ece_bins: int = Field(default=15, ge=2)
    """Equal-width confidence bins of the expected calibration error."""
    latency_requests: int = Field(default=1000, ge=100)
    """Single-row requests timed for the latency percentiles; more are timed where the confidence asks for more."""
    seed: int = Field(default=0, ge=0)
    """Seed of the resampling, and of the choice of texts for the timed requests."""
