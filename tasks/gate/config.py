"""The section `gates` of the YAML: the policy by which a candidate earns its release.

What a gate leaves open (null) is what is usual for the task: see tasks/gate/policy.py.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from tasks.section import Section

LESS_IS_BETTER = ("perplexity", "answer_loss")
QualityMetric = Literal[
    "mcc",
    "f1_macro",
    "accuracy",
    "token_f1",
    "exact_match",
    "rouge_l",
    "json_validity",
    "preference_accuracy",
    "perplexity",
    "answer_loss",
]
ChampionMetric = Literal[
    "mcc", "f1_macro", "accuracy", "token_f1", "exact_match", "rouge_l", "json_validity", "preference_accuracy"
]


class QualityGate(Section):
    """The metric's whole interval must lie at or above `min`; at or below `max` where less is better."""

    metric: QualityMetric | None = None
    """What counts as quality: `mcc`, `f1_macro` or `accuracy` of labels, the others of answers. Null is the usual:
    `mcc`; for a language model `preference_accuracy` where rows have a rejected answer, else `token_f1`."""
    min: float | None = Field(default=None, ge=-1, le=1)
    """Lowest acceptable value. Null is the usual: 0.80 for labels, 0.50 (chance) for `preference_accuracy`, 0.30 for
    `token_f1`, `rouge_l` and `exact_match`, 0.95 for `json_validity`."""
    max: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Highest acceptable `perplexity`, or `answer_loss` in nats a token; there is no usual one."""

    @model_validator(mode="after")
    def _limit_on_the_right_side(self) -> Self:
        falls = self.metric in LESS_IS_BETTER
        if falls and (self.max is None or self.min is not None):
            raise ValueError(f"of {self.metric} less is better: give `max`, the highest acceptable value, and no `min`")
        if not falls and self.max is not None:
            raise ValueError(f"`max` is for {' and '.join(LESS_IS_BETTER)} alone, of which less is better: give `min`")
        return self


class ChampionGate(Section):
    """The candidate must not be worse than the champion on the same rows, beyond a margin; the test is paired."""

    metric: ChampionMetric | None = None
    """What is compared. Null is the usual: `mcc` of labels, `token_f1` of answers."""
    margin: float = Field(default=0.01, ge=0, le=1)
    """A loss up to this much is accepted (non-inferiority)."""


class CalibrationGate(Section):
    """The expected calibration error's interval must lie at or below the limit, after temperature scaling."""

    max_ece: float | None = Field(default=None, gt=0, le=1)
    """Highest acceptable expected calibration error. Null is the usual: 0.05 for labels; answers have none."""


class LatencyGate(Section):
    """A percentile's interval of single requests, as they are served, must lie at or below the limit."""

    max_p99_milliseconds: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Highest acceptable 99th percentile, in milliseconds. Null is the usual: 150 for labels, none for answers."""
    max_p95_milliseconds: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Highest acceptable 95th percentile of a language model's answers, in milliseconds. Null is the usual: 10,000
    where no limit of the 99th percentile is set. Labels have none."""

    @model_validator(mode="after")
    def _one_percentile(self) -> Self:
        if self.max_p99_milliseconds is not None and self.max_p95_milliseconds is not None:
            raise ValueError("give max_p99_milliseconds or max_p95_milliseconds, not both")
        return self


class GatesConfig(Section):
    """The policy. A gate set to null is left out, but not all may be; a gate without number or interval fails."""

    quality: QualityGate | None = QualityGate()
    """Good enough by itself."""
    champion: ChampionGate | None = ChampionGate()
    """Not worse than what is served now; left out of the verdict where nothing is."""
    calibration: CalibrationGate | None = CalibrationGate()
    """As sure as it is right, of labels; a language model has no such gate, and a limit named for one is refused."""
    latency: LatencyGate | None = LatencyGate()
    """Fast enough."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Confidence level of the paired comparison with the champion."""
    bootstrap_samples: int = Field(default=2000, ge=100)
    """Resamples behind the paired comparison."""
