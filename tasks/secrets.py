"""Secrets that a config names, read at the moment of use."""

from __future__ import annotations

from infra.secrets import read_secret
from tasks.errors import MissingSecret


def named_secret(name: str, field: str) -> str:
    """The value of the secret that a config field names. Raises MissingSecret where it is not set."""
    value = read_secret(name)
    if value is None:
        block = name.lower().replace("_", "-")
        raise MissingSecret(
            f"{field} names the secret {name!r}, which is not set: set the environment variable {name}, "
            f"or make a Prefect block of type Secret called {block!r}"
        )
    return value
