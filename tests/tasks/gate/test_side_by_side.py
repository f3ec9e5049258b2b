"""Energy that a candidate surely saves is worth some quality; waste and slices that got worse fail."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.gate.champion import compare
from tasks.gate.config import GatesConfig
from tasks.gate.side_by_side import judge_side_by_side, worth_of_saving
from tasks.records import Measurement, SideBySide, State
from tests.tasks.gate.stored_report import predictions, stored_report


def energy(value: float, half: float = 0.01, champion: str | None = "c") -> SideBySide:
    metrics = {"energy_ratio": Measurement(value=value, low=value - half, high=value + half)} if champion else {}
    return SideBySide(uri="u", digest="d", candidate_digest="m", champion_digest=champion, metrics=metrics)


@pytest.mark.parametrize(
    ("use", "worth"),
    [
        (energy(0.6), 0.01),
        (energy(0.69), 0.01),
        (energy(0.695), 0.0),
        (energy(1.2), 0.0),
        (energy(0.6, champion=None), 0.0),
        (None, 0.0),
    ],
)
def test_only_a_sure_saving_is_worth_something(use: SideBySide | None, worth: float) -> None:
    assert worth_of_saving(use, GatesConfig()) == worth
    assert worth_of_saving(use, GatesConfig(energy=None)) == 0


def test_a_saving_lets_a_candidate_be_a_little_worse_and_says_so() -> None:
    right = np.random.default_rng(0).random(6000) < 0.9
    worse = right.copy()
    worse[np.flatnonzero(right)[:24]] = False
    ours, theirs = (stored_report(predictions(rows.tolist()), name) for rows, name in ((worse, "a"), (right, "b")))
    policy = GatesConfig.model_validate({"champion": {"metric": "accuracy", "margin": 0.0}})
    (strict,), (saving,) = compare(ours, theirs, policy), compare(ours, theirs, policy, 0.01)
    assert (strict.state, saving.state) == ("fail", "pass")
    assert saving.limit == -0.01
    assert saving.reason.endswith("(the margin is what the energy that it saves is worth)")


@pytest.mark.parametrize(("ratio", "state"), [(1.2, "pass"), (1.5, "inconclusive"), (2.0, "fail")])
def test_waste_is_held_to_its_limit(ratio: float, state: State) -> None:
    policy = GatesConfig.model_validate({"energy": {"max_ratio": 1.5}, "side_effects": None})
    (found,) = judge_side_by_side(energy(ratio), policy)
    assert (found.name, found.state) == ("energy", state)


@pytest.mark.parametrize(("worse", "state"), [(0, "pass"), (2, "fail")])
def test_a_slice_that_is_surely_worse_fails(worse: int, state: State) -> None:
    figure = Measurement(value=worse, low=worse, high=worse)
    both = SideBySide(uri="u", digest="d", candidate_digest="m", champion_digest="c", metrics={"slices_worse": figure})
    (found,) = judge_side_by_side(both, GatesConfig())
    assert (found.name, found.state) == ("side_effects", state)


def test_without_a_champion_there_is_no_gate_and_without_a_figure_it_fails() -> None:
    policy = GatesConfig.model_validate({"energy": {"max_ratio": 1.5}})
    assert judge_side_by_side(None, policy) == []
    assert judge_side_by_side(energy(1.0, champion=None), policy) == []
    nothing = SideBySide(uri="u", digest="d", candidate_digest="m", champion_digest="c", metrics={})
    assert {gate.state for gate in judge_side_by_side(nothing, policy)} == {"fail"}
