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
    """A classifier's: equal-width confidence bins of the expected calibration error."""
    latency_requests: int = Field(default=1000, ge=100)
    """A classifier's: single-row requests timed for the latency percentiles; more where the confidence asks for it."""
    generated_rows: int = Field(default=200, ge=1)
    """A language model's: holdout rows that it answers in full, drawn by the seed; all rows where there are fewer."""
    max_answer_tokens: int = Field(default=128, ge=1)
    """A language model's: tokens after which an answer is cut."""
    timed_answers: int = Field(default=100, ge=1)
    """A language model's: answers timed one by one. An interval of the p95 needs 72, one of the p99 needs 368."""
    seed: int = Field(default=0, ge=0)
    """Seed of the resampling, and of the choice of rows to answer and of texts for the timed requests."""
