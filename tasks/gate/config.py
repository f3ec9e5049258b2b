"""The section `gates` of the YAML: the policy by which a candidate earns its release."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tasks.section import Section


class QualityGate(Section):
    """The metric's whole interval must lie at or above the limit."""

    metric: Literal["mcc", "f1_macro", "accuracy"] = "mcc"
    """What counts as quality."""
    min: float = Field(default=0.80, ge=-1, le=1)
    """Lowest acceptable value."""


class ChampionGate(Section):
    """The candidate must not be worse than the champion on the same rows, beyond a margin; the test is paired."""

    metric: Literal["mcc", "f1_macro", "accuracy"] = "mcc"
    """What is compared."""
    margin: float = Field(default=0.01, ge=0, le=1)
    """A loss up to this much is accepted (non-inferiority)."""


class CalibrationGate(Section):
    """The expected calibration error's interval must lie at or below the limit, after temperature scaling."""

    max_ece: float = Field(default=0.05, gt=0, le=1)
    """Highest acceptable expected calibration error."""


class LatencyGate(Section):
    """The 99th percentile of single-row requests must lie at or below the limit, on the exported model."""

    max_p99_milliseconds: float = Field(default=150, gt=0, allow_inf_nan=False)
    """Highest acceptable 99th percentile, in milliseconds."""


class GatesConfig(Section):
    """The policy. A gate set to null is left out, but not all may be; a gate without number or interval fails."""

    quality: QualityGate | None = QualityGate()
    """Good enough by itself."""
    champion: ChampionGate | None = ChampionGate()
    """Not worse than what is served now; left out of the verdict where nothing is."""
    calibration: CalibrationGate | None = CalibrationGate()
    """As sure as it is right."""
    latency: LatencyGate | None = LatencyGate()
    """Fast enough."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Confidence level of the paired comparison with the champion."""
    bootstrap_samples: int = Field(default=2000, ge=100)
    """Resamples behind the paired comparison."""
