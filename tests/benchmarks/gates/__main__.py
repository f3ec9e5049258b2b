"""The benchmark `gates`: how often the verdict errs.

make bench NAME=gates
"""

from __future__ import annotations

from tests.benchmarks.gates import simulation
from tests.benchmarks.report import write_report

if __name__ == "__main__":
    write_report("gates", simulation.measure())
