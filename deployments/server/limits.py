"""How much the server takes on: in one request, and waiting at one time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What is beyond a limit is answered at once with a 4xx or 503 that names the limit."""

    texts: int = 256
    """Texts in one request."""
    characters: int = 20_000
    """Characters in one text; the model itself reads its first tokens only."""
    body_bytes: int = 8 * 1024 * 1024
    """Bytes of one request's body."""
    feedback_bytes: int = 16 * 1024
    """Bytes of the body of one piece of feedback."""
    waiting_texts: int = 4096
    """Texts of all requests that wait for the model."""
    batch_texts: int = 64
    """Texts that the model is given at once, where more requests wait."""
