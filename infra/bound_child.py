"""A program run in front of a child: it binds the child's life to its parent's, then becomes the child.

    python -I -S bound_child.py PARENT_PID COMMAND…

The kernel sends the child SIGTERM when the thread that started it ends (Linux; elsewhere the child is merely started).
"""

from __future__ import annotations

import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def become(parent: int, command: list[str]) -> None:
    """Replace this process by `command`, unless the parent is gone already."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    become(int(sys.argv[1]), sys.argv[2:])
