"""What every test shares: a home of its own, so that no test sees another's store, queue or databases."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.settings import settings

if "PYTEST_XDIST_WORKER_COUNT" in os.environ:
    # For torch, which is not imported yet, and for every process that a test starts: workers that take all cores each
    # would wait for one another.
    cores_each = (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores_each)))

SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture(autouse=True)
def refit_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Point REFIT_HOME at an empty folder and forget the settings read before."""
    home = tmp_path / "home"
    monkeypatch.setenv("REFIT_HOME", str(home))
    for name in ("REFIT_STORE", "REFIT_MLFLOW_URI", "REFIT_S3_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    settings.cache_clear()
    yield home
    settings.cache_clear()


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """One Prefect server for every test that calls a flow in this process."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=180):
        yield


@pytest.fixture(scope="session")
def banking77() -> Path:
    """The folder of the real Banking77 data; skips where it is not beside the project."""
    folder = SHARED_DATA / "banking77"
    if not folder.is_dir():
        pytest.skip("Banking77 is not beside the project (../shared/data/banking77)")
    return folder
