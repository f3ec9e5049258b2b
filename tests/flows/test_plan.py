"""`python -m flows.retrain CONFIG --plan` as a person runs it: the screen before money is spent, and no training."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.commands import CONFIG, QUICK, Run, start
from tests.tasks.models.tiny_model import make_base_model

pytestmark = pytest.mark.slow


def test_a_plan_is_shown_and_nothing_is_trained_or_released(tmp_path: Path) -> None:
    base, home = make_base_model(tmp_path / "base"), tmp_path / "home"
    changes = ("training.budget.device=L4", "training.budget.price_per_hour=0.8", f"training.base_model={base}")
    run = Run(start(home, CONFIG, "--plan", "--set", *QUICK, *changes))
    assert run.code == 0, run.out + run.err
    for words in ("plan training", "trained (100.00%)", "L4: ", "cost", "Memory at the peak", "yardstick", "plan.md"):
        assert words in run.out
    assert "✓ train " not in run.out
    assert not (home / "store" / "models").exists()
    assert list((home / "store" / "plans").glob("*/report/plan.md"))
    assert not list((home / "work").iterdir())


def test_a_plan_beyond_the_budget_is_shown_and_ends_as_wrong_input(tmp_path: Path) -> None:
    base, home = make_base_model(tmp_path / "base"), tmp_path / "home"
    changes = ("training.budget.device=L4", "training.budget.max_hours=1e-9", f"training.base_model={base}")
    run = Run(start(home, CONFIG, "--plan", "--set", *QUICK, *changes))
    assert run.code == 3, run.out + run.err
    assert "Memory at the peak" in run.out
    assert "more than training.budget.max_hours allows" in run.err
    stopped = Run(start(home, CONFIG, "--set", *QUICK, *changes, "--outcome", str(tmp_path / "outcome.json")))
    assert stopped.code == 3
    assert "↺ plan training" in stopped.out
    assert not (home / "store" / "models").exists()
