"""Ctrl-C while a command still loads its libraries ends it quietly; to be imported before them.

From then on until `Ending` takes over, an interrupt is one line and no traceback. Python itself then ends by SIGINT,
which shells show as exit code 130.
"""

from __future__ import annotations

import sys
from types import TracebackType

STOPPED = "Stopped before anything began. Nothing was released; run again."


def _is_command() -> bool:
    """Whether this process is `python -m flows.…`, and not a worker that imports a flow."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return spec is not None and spec.name.startswith("flows.")


def _quietly(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write(f"{STOPPED}\n")
    else:
        sys.__excepthook__(kind, error, trace)


if _is_command():
    sys.excepthook = _quietly
