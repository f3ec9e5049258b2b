"""Holm's correction by hand and by its definition; a p-value read off an interval agrees with the interval."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import norm

from tasks.metrics.multiplicity import holm, tail_probability
from tasks.records import Measurement


def test_holms_correction_of_four_p_values_is_that_counted_by_hand() -> None:
    # Sorted: 0.005 · 4, 0.01 · 3, 0.03 · 2 and 0.04 · 1, the last raised to the one before it.
    found = holm({"quality": 0.01, "latency": 0.04, "fairness": 0.03, "drift": 0.005})
    assert found == pytest.approx({"quality": 0.03, "latency": 0.06, "fairness": 0.06, "drift": 0.02})
    assert list(found) == ["quality", "latency", "fairness", "drift"]


def test_holms_correction_is_the_closed_test_of_bonferronis() -> None:
    p_values = dict(zip("abcdef", np.random.default_rng(0).random(6) ** 3, strict=True))
    subsets = [chosen for size in range(1, 7) for chosen in combinations(p_values, size)]
    for name, adjusted in holm(p_values).items():
        # A hypothesis falls when every intersection that holds it does.
        closed = max(min(1.0, len(s) * min(p_values[each] for each in s)) for s in subsets if name in s)
        assert adjusted == pytest.approx(closed, abs=1e-12)


def test_holm_takes_one_none_and_only_probabilities() -> None:
    assert holm({}) == {}
    assert holm({"a": 0.2}) == {"a": 0.2}
    assert holm({"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 1.0}
    with pytest.raises(ValueError, match="'b': nan"):
        holm({"a": 0.2, "b": float("nan")})


def test_an_interval_that_just_touches_the_limit_has_the_p_value_of_its_tail() -> None:
    measured = Measurement(value=0.9, low=0.8, high=0.92)
    assert tail_probability(measured, 0.8, True, 0.95) == pytest.approx(0.025)
    assert tail_probability(measured, 0.92, False, 0.95) == pytest.approx(0.025)
    assert tail_probability(measured, 0.9, True, 0.95) == pytest.approx(0.5)
    assert tail_probability(measured, 0.92, True, 0.95) == pytest.approx(0.975)


def test_of_a_normal_mean_it_is_the_p_value_of_the_z_test() -> None:
    half = norm.ppf(0.95) * 0.02
    measured = Measurement(value=0.85, low=0.85 - half, high=0.85 + half)
    for limit in (0.78, 0.84, 0.9):
        assert tail_probability(measured, limit, True, 0.9) == pytest.approx(norm.sf((0.85 - limit) / 0.02), abs=1e-12)
        assert tail_probability(measured, limit, False, 0.9) == pytest.approx(
            norm.cdf((0.85 - limit) / 0.02), abs=1e-12
        )


def test_what_is_certain_is_on_one_side_and_what_has_no_end_is_refused() -> None:
    exact = Measurement(value=0.5, low=0.5, high=0.5)
    assert [tail_probability(exact, limit, True, 0.95) for limit in (0.4, 0.5, 0.6)] == [0, 0, 1]
    with pytest.raises(ValueError, match="no end of an interval towards the limit 150"):
        tail_probability(Measurement(value=90.0, low=80.0), 150, False, 0.95)
