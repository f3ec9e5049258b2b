"""How far trainings lie apart by their seed alone."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.metrics.seed_noise import reach, widened
from tasks.records import Measurement


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_a_difference_of_two_trainings_lies_within_the_reach_as_often_as_it_says(seeds: int) -> None:
    draw = np.random.default_rng(seeds)
    trainings = draw.normal(0.9, 0.01, (5_000, seeds))
    apart = np.abs(draw.normal(0.9, 0.01, 5_000) - draw.normal(0.9, 0.01, 5_000))
    within = np.mean(
        [distance <= reach(scores.tolist(), 0.9) for distance, scores in zip(apart, trainings, strict=True)]
    )
    assert within == pytest.approx(0.9, abs=0.015)


def test_one_training_has_no_spread() -> None:
    with pytest.raises(ValueError, match="at least two"):
        reach([0.9], 0.9)


def test_a_widened_interval_holds_both_uncertainties() -> None:
    found = widened(Measurement(value=0.02, low=-0.01, high=0.06), 0.04)
    assert found.low == pytest.approx(0.02 - 0.05)
    assert found.high == pytest.approx(0.02 + 0.0566, abs=1e-4)
    assert widened(Measurement(value=0.02), 0.04).low is None
