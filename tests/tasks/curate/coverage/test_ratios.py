"""Shares are compared with traffic's, and a cell is called thin only where chance does not explain it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tasks.curate.coverage.ratios import compare_cells, share_ratio, shown_share


def cells(**counts: int) -> pd.Series:
    return pd.Series([name for name, count in counts.items() for _ in range(count)], dtype="str")


def compared(ours: pd.Series, theirs: pd.Series | None, rows_for_each: float = 1.0) -> pd.DataFrame:
    table = compare_cells(ours, theirs, thin_ratio=0.5, min_rows=10, confidence=0.95, rows_for_each=rows_for_each)
    return table.set_index("cell")


def value(table: pd.DataFrame, cell: str, column: str) -> float:
    return float(table[column].to_numpy()[list(table.index).index(cell)])


def test_a_cell_is_thin_where_traffic_has_surely_more_than_twice_its_share() -> None:
    table = compared(cells(a=900, b=100, c=40), cells(a=300, b=300, c=20))
    assert table["thin"].to_dict() == {"a": False, "b": True, "c": False}
    assert value(table, "b", "ratio") == pytest.approx((100 / 1040) / (300 / 620))
    missing = value(table, "b", "missing_rows")
    assert (100 + missing) / (1040 + missing) == pytest.approx(300 / 620, abs=1e-3)


def test_a_difference_that_chance_explains_makes_no_cell_thin() -> None:
    table = compared(cells(a=980, b=20), cells(a=18, b=2))
    assert value(table, "b", "ratio") < 0.5 < value(table, "b", "ratio_high")
    assert not table["thin"].any()


def test_a_cell_with_few_rows_is_thin_unless_traffic_has_none_of_it() -> None:
    assert compared(cells(a=100, b=4), None)["thin"].to_dict() == {"a": False, "b": True}
    assert value(compared(cells(a=100, b=4), None), "b", "missing_rows") == 6
    assert not compared(cells(a=100, b=4), cells(a=50))["thin"].any()
    assert not compared(cells(a=100, b=4), None, rows_for_each=3.0)["thin"].any(), "the sample stands for more rows"


def test_what_only_traffic_has_is_a_cell_without_rows() -> None:
    table = compared(cells(a=100), cells(a=90, new=10))
    assert [value(table, "new", name) for name in ("rows", "ratio", "thin", "missing_rows")] == [0, 0, True, 12]


def test_rows_in_no_cell_are_not_counted() -> None:
    table = compared(pd.Series(["a", None, "a"], dtype="str"), pd.Series([None], dtype="str"))
    assert value(table, "a", "share") == 1
    assert table["traffic_share"].isna().all()


def test_the_interval_holds_the_true_ratio_as_often_as_it_says() -> None:
    draw = np.random.default_rng(0)
    shares, held = (np.array([0.02, 0.98]), np.array([0.05, 0.95])), []
    for _ in range(1000):
        ours, theirs = draw.multinomial(2000, shares[0]), draw.multinomial(500, shares[1])
        _, low, high = share_ratio(ours, theirs, 0.95)
        held.append(low[0] <= 0.4 <= high[0])
    assert 0.93 <= np.mean(held) <= 0.975


def test_no_share_is_shown_as_none_or_all_that_is_not() -> None:
    assert [shown_share(share) for share in (0.0, 1e-5, 0.123, 0.99999, 1.0)] == [
        "0.0%", "<0.1%", "12.3%", ">99.9%", "100.0%",
    ]  # fmt: skip
