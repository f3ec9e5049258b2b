"""The page names the thin cells first, and neither it nor the picture shows personal data."""

from __future__ import annotations

import warnings
from pathlib import Path

import pandas as pd
import pytest

from tasks.curate.coverage.covered import Coverage, Covered, coverage_of
from tasks.curate.coverage.page import page_of, write_coverage
from tests.tasks.curate.coverage.covered_rows import rows_of


def covered_by(names: tuple[str, ...] = ("parcel", "refund")) -> Covered:
    rows, vectors = rows_of(parcel=120, refund=6)
    traffic, traffic_vectors = rows_of(parcel=100, refund=100)
    traffic["label"] = pd.Series(None, index=traffic.index, dtype="str")
    rows["label"] = [names[number % len(names)] for number in range(len(rows))]
    return coverage_of(
        rows,
        vectors,
        traffic,
        traffic_vectors,
        task="classification",
        settings=Coverage(topics=2),
        compared_with="a log",
    )


def test_the_page_says_what_is_compared_and_names_the_thin_cells_first() -> None:
    page = page_of(covered_by())
    assert "126 training rows beside 200 rows of real traffic (a log)." in page
    thin, _, rest = page.partition("![Shares")
    assert (
        "- topic “account, paid, refund”: 6 rows (4.8%), against 50.0% of traffic: 0.10 times its share there (" in thin
    )
    assert "; about 114 rows more would do." in thin
    assert "| “account, paid, refund” | 6 | 4.8% | 50.0% | 0.10 (0.0" in rest


def test_without_traffic_and_thin_cells_the_page_says_so() -> None:
    rows, _ = rows_of(parcel=30)
    page = page_of(coverage_of(rows, None, task="classification", settings=Coverage(), total_rows=90))
    assert "30 training rows (a sample of 90). There is no real traffic to compare them with." in page
    assert "## Thin cells\n\nNone." in page


@pytest.mark.parametrize(
    "names",
    [
        ("$x", "$_{", "50% off", "_hidden", "ada@example.com"),
        ("注文", "返金"),
        tuple(map(str, range(100))),
        ("a|b`<i>",),
    ],
    ids=["odd signs", "other scripts", "many", "markup"],
)
def test_any_labels_are_shown_quietly_and_masked(names: tuple[str, ...], tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_coverage(tmp_path, covered_by(names))
    assert (tmp_path / "coverage.png").read_bytes().startswith(b"\x89PNG")
    page, cells = (
        (tmp_path / name).read_text(encoding="utf-8").split("## By topic")[0]
        for name in ("coverage.md", "coverage.csv")
    )
    assert "ada@example.com" not in page + cells
    assert cells.count("\nlabel,") == len(names)
    assert "The extremes of 100 cells" in page if len(names) > 12 else page.count("| “") == len(names)


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_coverage(tmp_path / name, covered_by())
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
