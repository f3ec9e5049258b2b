"""The part `load` of the section `evaluation`: under which loads the served form is timed."""

from __future__ import annotations

from pydantic import Field

from tasks.section import Section


class LoadConfig(Section):
    """How the served form is timed beside the single warm requests that the latency gate looks at."""

    cold_starts: int = Field(default=3, ge=1)
    """Times that the model is loaded afresh, its first request included."""
    tokens: tuple[int, ...] = (8, 32, 96)
    """Lengths of text that are timed one by one; what is beyond the model's length is left out."""
    concurrencies: tuple[int, ...] = (1, 2, 4)
    """Numbers of callers that ask at the same time, each the next request as soon as it has its answer."""
    requests: int = Field(default=100, ge=72)
    """Requests timed in each condition; 72 is what an interval of the 95th percentile takes."""
