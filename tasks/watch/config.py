"""The section `watch` of the YAML: when served traffic has moved too far from what the model was judged on."""

from __future__ import annotations

from pydantic import Field

from tasks.section import Section


class WatchConfig(Section):
    """When served traffic has moved too far from what the model was judged on."""

    max_kl_divergence: float = Field(default=0.08, gt=0)
    """Highest Kullback-Leibler divergence, in nats, of live predictions against the holdout's."""
    window_hours: float = Field(default=48, gt=0)
    """How far back requests are counted; a release that drifts this soon after it began is rolled back."""
    min_requests: int = Field(default=500, ge=1)
    """Fewer requests than this in the window decide nothing."""
