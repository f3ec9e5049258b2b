"""Who acts: the name that the release log, the labelling queue and MLflow write down."""

from __future__ import annotations

import getpass
import os


def actor(creator: str | None = None) -> str:
    """REFIT_ACTOR, else `creator` (whoever Prefect says made the flow run), else this machine's user."""
    named = os.environ.get("REFIT_ACTOR") or creator
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
