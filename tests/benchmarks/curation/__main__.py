"""The benchmark `curation`: near duplicates, personal data, label errors, growth with the rows, and malformed files.

make bench NAME=curation
python -m tests.benchmarks.curation --only near-duplicates pii
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

from tests.benchmarks.curation import growth, label_errors, malformed, near_duplicates, pii
from tests.benchmarks.report import Comparison, write_report

PARTS: dict[str, Callable[[], list[Comparison]]] = {
    "near-duplicates": near_duplicates.measure,
    "pii": partial(pii.measure, million=1_000_000),
    "label-errors": label_errors.measure,
    "pipeline": growth.measure,
    "malformed": malformed.measure,
}


def main() -> None:
    """Measure the chosen parts, one after the other, and write `build/bench/curation.json`."""
    parser = argparse.ArgumentParser(description="Curation against its peers.")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS), help="the parts to measure")
    chosen = parser.parse_args().only
    write_report("curation", [comparison for name in chosen for comparison in PARTS[name]()])


if __name__ == "__main__":
    main()
