"""The noise of a recipe, kept once and found again."""

from __future__ import annotations

import pandas as pd
import pytest

from tasks.errors import CorruptArtefact
from tasks.noise.config import NoiseConfig
from tasks.noise.kept import find, remember
from tasks.noise.task import in_words
from tasks.records import Measurement, Report
from tasks.store import store
from tests.tasks.gate.stored_report import predictions, stored_report

RECIPE = "c" * 64


def report(mcc: float, **more: float) -> Report:
    rows: pd.DataFrame = predictions([True] * 6)
    figures = {"mcc": mcc, **more}
    return stored_report(rows, "a", {name: Measurement(value=value) for name, value in figures.items()})


def test_what_is_kept_is_found_again_and_what_is_not_is_unknown() -> None:
    assert find(RECIPE) is None
    kept = remember(RECIPE, (18, 19), (report(0.90, ece=0.1), report(0.92)))
    assert kept.scores == {"mcc": (0.90, 0.92)}, "a figure that one report lacks has no spread"
    assert find(RECIPE) == kept
    assert in_words(kept) == "standard deviation over 2 seeds: mcc 1.41 points"


def test_what_another_run_kept_first_counts() -> None:
    first = remember(RECIPE, (18, 19), (report(0.90), report(0.92)))
    assert remember(RECIPE, (18, 19), (report(0.5), report(0.7))) == first


def test_a_broken_file_is_refused_and_named() -> None:
    store().put_if_absent(f"noise/{RECIPE}.json", b"{}")
    with pytest.raises(CorruptArtefact, match=rf"noise/{RECIPE}.json is not the noise"):
        find(RECIPE)


def test_one_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="give 2 or more"):
        NoiseConfig(seeds=1)
