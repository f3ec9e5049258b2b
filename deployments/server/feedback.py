"""Who may give feedback: it becomes labels, so whoever can write it can teach the next model what they like."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from fastapi import HTTPException

from infra.secrets import read_secret
from tasks.errors import MissingSecret

UNAUTHORIZED, FORBIDDEN = 401, 403


@dataclass(frozen=True)
class FeedbackGate:
    """Lets a request with the right bearer token through. The token itself is not kept, only its hash."""

    token_sha256: bytes | None = field(default=None, repr=False)
    """Null where the server takes no feedback."""

    def require(self, authorization: str | None) -> None:
        """Raise HTTPException, 403 where no feedback is taken and 401 where the token is missing or wrong."""
        if self.token_sha256 is None:
            reason = "this server takes no feedback: start it with --feedback-token-secret NAME"
            raise HTTPException(FORBIDDEN, reason)
        scheme, _, token = (authorization or "").partition(" ")
        found = hashlib.sha256(token.strip().encode()).digest()
        # Hashes of one length are compared in a time that tells nothing of how much of the token was right.
        if not hmac.compare_digest(found, self.token_sha256) or scheme.lower() != "bearer":
            reason = "send the feedback token in the header `Authorization: Bearer …`"
            raise HTTPException(UNAUTHORIZED, reason, {"WWW-Authenticate": "Bearer"})


CLOSED = FeedbackGate()
"""Lets nobody through."""


def feedback_gate(secret_name: str | None) -> FeedbackGate:
    """The gate of the token in the secret `secret_name`; a closed one without it. Raises MissingSecret."""
    if secret_name is None:
        return CLOSED
    token = read_secret(secret_name)
    if token is None or not token.strip():
        raise MissingSecret(
            f"--feedback-token-secret names the secret {secret_name!r}, which is not set: set the environment variable "
            f"{secret_name}, for example to what `openssl rand -hex 32` prints"
        )
    return FeedbackGate(hashlib.sha256(token.strip().encode()).digest())
