"""A temporary REFIT_HOME for a benchmark, so that no dataset or run is left in the user's."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.settings import settings


@contextmanager
def home_of_its_own() -> Iterator[Path]:
    """Inside the block, all that Refit keeps goes to a folder that is removed afterwards."""
    before = {name: value for name, value in os.environ.items() if name.startswith("REFIT_")}
    with tempfile.TemporaryDirectory(prefix="refit-bench-") as folder:
        for name in before:
            del os.environ[name]
        os.environ["REFIT_HOME"] = folder
        settings.cache_clear()
        try:
            yield Path(folder)
        finally:
            del os.environ["REFIT_HOME"]
            os.environ.update(before)
            settings.cache_clear()
