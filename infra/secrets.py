"""Secrets by reference: a config names one, and it is read here at the moment of use, never kept."""

from __future__ import annotations

import os


def read_secret(name: str) -> str | None:
    """Return the secret called `name` from the environment, else from the Prefect block `Secret` of that name.

    A block's name may hold lower-case letters, digits and dashes only, so `HF_TOKEN` is looked up as `hf-token`.
    Returns None where neither is set.
    """
    value = os.environ.get(name)
    if value:
        return value
    from prefect.context import FlowRunContext

    if FlowRunContext.get() is None:
        return None
    from prefect.blocks.system import Secret
    from prefect.utilities.asyncutils import run_coro_as_sync

    try:
        block = run_coro_as_sync(Secret[str].aload(name.lower().replace("_", "-")))
    except ValueError:
        return None
    return None if block is None else block.get()
