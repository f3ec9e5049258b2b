"""The noise of a recipe in whole runs: measured in the first, known in the next, and told in the verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.commands import LENIENT, QUICK, retrain
from tests.tasks.models.tiny_model import make_base_model

BESIDE = ("parity", "memorisation", "side_effects", "drift", "fairness", "energy")
QUALITY_ALONE = (*(f"evaluation.{name}=null" for name in BESIDE), "gates.parity=null", "gates.memorisation=null")


@pytest.mark.slow
def test_the_seeds_of_a_recipe_are_trained_once_and_the_next_verdict_knows_what_they_do(tmp_path: Path) -> None:
    base, home = make_base_model(tmp_path / "base"), tmp_path / "home"
    settings = [*QUICK, *LENIENT, *QUALITY_ALONE, f"training.base_model={base}", "noise.seeds=2"]
    first = retrain(home, *settings)
    assert first.code == 0, first.out + first.err
    assert "standard deviation over 2 seeds: mcc" in first.out
    (kept,) = (home / "store" / "noise").iterdir()
    written = kept.stat().st_mtime_ns
    again = retrain(home, *settings, "training.seed=40")
    assert again.code == 0, again.out + again.err
    assert list((home / "store" / "noise").iterdir()) == [kept]
    assert kept.stat().st_mtime_ns == written
    (champion,) = [gate for gate in again.outcome["gates"] if gate["name"] == "champion"]
    assert "trainings that differ by their seed alone are up to" in champion["reason"]
    assert "(2 seeds)" in champion["reason"]
