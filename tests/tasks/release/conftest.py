"""Keys for the tests of releases."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tasks.signatures import Signer, new_key_pair


@pytest.fixture
def new_signer(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Signer]:
    """Makes a fresh key each time, which is read as a run reads its own."""

    def make() -> Signer:
        monkeypatch.setenv("SIGNING_KEY", new_key_pair()[0])
        return Signer.named("SIGNING_KEY", "signing.private_key")

    return make


@pytest.fixture
def signer(new_signer: Callable[[], Signer]) -> Signer:
    """One key."""
    return new_signer()
