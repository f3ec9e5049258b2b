"""The divergence agrees with scipy, loses its bias by the correction, and its interval covers the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import entropy

from tasks.watch.divergence import SMOOTHING, bias, estimate, kl_divergence

SHARES = np.random.default_rng(7).dirichlet(np.full(12, 2.0))


def drawn(shares: np.ndarray, live_rows: int, reference_rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    return draw.multinomial(live_rows, shares), draw.multinomial(reference_rows, SHARES)


def shifted(strength: float) -> np.ndarray:
    shares = SHARES * np.exp(strength * np.random.default_rng(3).normal(size=len(SHARES)))
    return np.asarray(shares / shares.sum())


def test_it_is_scipys_relative_entropy_against_the_smoothed_reference() -> None:
    live, reference = np.array([30, 0, 70, 5]), np.array([40, 3, 50, 0])
    assert kl_divergence(live, reference) == pytest.approx(entropy(live, reference + SMOOTHING), rel=1e-12)


def test_the_same_shares_have_no_divergence_and_a_new_label_a_large_but_finite_one() -> None:
    counts = np.array([500_000, 300_000, 200_000])
    assert kl_divergence(counts, counts) == pytest.approx(0, abs=1e-9)
    assert 2 < kl_divergence(np.array([0, 0, 100]), np.array([50, 50, 0])) < 10


@pytest.mark.parametrize("live_rows", [100, 500, 5000])
@pytest.mark.parametrize("strength", [0.0, 0.3, 0.6])
def test_the_correction_removes_most_of_the_bias(live_rows: int, strength: float) -> None:
    shares = shifted(strength)
    truth = float(entropy(shares, SHARES))
    samples = [drawn(shares, live_rows, 400, seed) for seed in range(400)]
    plain = np.mean([kl_divergence(*sample) for sample in samples]) - truth
    corrected = np.mean([kl_divergence(*sample) - bias(*sample) for sample in samples]) - truth
    assert plain > 0.01
    assert abs(corrected) < 0.35 * plain


@pytest.mark.parametrize("strength", [0.0, 0.5])
def test_the_interval_covers_the_truth(strength: float) -> None:
    shares = shifted(strength)
    truth = float(entropy(shares, SHARES))
    intervals = [estimate(*drawn(shares, 800, 1000, seed), samples=300, seed=seed) for seed in range(100)]
    assert sum(found.low <= truth + 1e-12 and truth <= found.high for found in intervals) >= 90


def test_an_estimate_is_the_same_each_time_and_never_negative() -> None:
    sample = drawn(SHARES, 500, 500, 1)
    found = estimate(*sample)
    assert found == estimate(*sample)
    assert 0 <= found.low <= found.value <= found.high


def test_one_label_alone_has_not_moved() -> None:
    found = estimate(np.array([10]), np.array([20]))
    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_nothing_can_be_said_without_predictions() -> None:
    with pytest.raises(ValueError, match="at least one"):
        estimate(np.array([0, 0]), np.array([1, 2]))
