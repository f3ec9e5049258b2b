"""What asking a teacher came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Bill:
    """What asking came to."""

    sent: int = 0
    cached: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cost: float = 0.0
    """In the backend's currency. Where the endpoint did not say, or an answer was lost: the most it can have been."""
    unanswered: Counter[str] = field(default_factory=Counter)
    stopped: str | None = None
    """Why no more was asked."""
