"""Every benchmark writes the same form, in which a ratio above 1 means that ours is better."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.benchmarks.pipeline import FlowRun, ScriptRun, judge
from tests.benchmarks.report import compare, write_report


def test_a_ratio_above_one_means_that_ours_is_better() -> None:
    assert compare("b", "p", ours=2, theirs=3, unit="s", quality={}).ratio == 1.5
    assert compare("b", "p", ours=3, theirs=2, unit="rows/s", quality={}, less_is_better=False).ratio == 1.5


def test_a_figure_of_zero_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        compare("b", "p", ours=0, theirs=3, unit="s", quality={})


def test_the_report_is_a_list_with_the_agreed_keys(tmp_path: Path) -> None:
    path = write_report("b", [compare("b", "p", ours=2, theirs=3, unit="s", quality={"accuracy": 0.9})], tmp_path / "x")
    keys = ["benchmark", "peer", "ours", "theirs", "unit", "ratio", "quality"]
    assert [list(item) for item in json.loads(path.read_text())] == [keys]


def test_overhead_leaves_start_up_out_and_is_a_share_of_the_peer(tmp_path: Path) -> None:
    outcome = {"metrics": {"accuracy": {"value": 0.9}, "mcc": {"value": 0.8}}, "seconds": {"acquire": 1.0}}
    result = {"scores": {"accuracy": {"value": 0.9}, "mcc": {"value": 0.8}}, "seconds": {"train": 90.0}}
    runs = [FlowRun(seconds, 10.0, outcome, tmp_path) for seconds in (114.0, 116.0)]
    comparison = judge(runs, [ScriptRun(100.0, result)] * 2)
    assert comparison.quality["overhead_share"] == pytest.approx(0.05)
    assert comparison.ratio == pytest.approx(100 / 115)
