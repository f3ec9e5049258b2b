"""Great Expectations as this stage starts it: nothing sent anywhere, nothing printed, nothing kept on disk."""

from __future__ import annotations

import functools
import os
from typing import Any


@functools.cache
def great_expectations() -> Any:
    """The library, imported (4 to 8 seconds) when it is first needed."""
    # Read when the library is first imported; nothing of a user's run is sent anywhere.
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as library

    return library


def quiet_context() -> Any:
    """An ephemeral context without progress bars."""
    library = great_expectations()
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
        analytics_enabled=False,
    )
    return library.get_context(mode="ephemeral", project_config=config)
