"""How much memory this process holds now."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def resident_bytes() -> int:
    """Memory of this process that is in RAM."""
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    import psutil  # type: ignore[import-untyped]

    return int(psutil.Process().memory_info().rss)
