"""A classifier without fault, made once for every test of its forms."""

from __future__ import annotations

import pytest

from infra.settings import settings
from tasks.evaluate.classifier.subject import Subject
from tests.tasks.evaluate.parity.known_forms import make_subject


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """It has a home of its own, so that its dataset outlives the test that asked for it first."""
    folder = tmp_path_factory.mktemp("model")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REFIT_HOME", str(folder / "home"))
        settings.cache_clear()
        subject = make_subject(folder)
    settings.cache_clear()
    return subject
