"""The services of `make ui`, started once for all tests that use them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local_services import Services, local_services


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Prefect with its interface, MLflow, and a worker for each pool."""
    with local_services(tmp_path_factory.mktemp("services") / "home") as running:
        yield running
