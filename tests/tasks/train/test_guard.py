"""What counts as a training that has gone wrong, and what does not."""

from __future__ import annotations

import math
import random

from tasks.train.guard import Guard, Step


def judged(losses: list[float], norms: list[float] | None = None) -> tuple[int, str] | None:
    """The first step that the guard objects to, and its words."""
    guard = Guard(clipped_at=1.0)
    for number, (loss, norm) in enumerate(zip(losses, norms or [0.5] * len(losses), strict=True), 1):
        if wrong := guard.judge(Step(number, loss, norm)):
            return number, wrong
    return None


def noisy(level: float, count: int, spread: float = 0.1) -> list[float]:
    rng = random.Random(0)
    return [level * (1 + rng.uniform(-spread, spread)) for _ in range(count)]


def test_a_loss_that_falls_with_noise_is_sound() -> None:
    assert judged([value * math.exp(-step / 100) for step, value in enumerate(noisy(4.0, 400, 0.5))]) is None


def test_a_single_spike_is_no_fault_but_a_loss_that_stays_high_is() -> None:
    assert judged([*noisy(1.5, 200), 30.0, *noisy(1.5, 50)]) is None
    step, words = judged([*noisy(1.5, 200), *noisy(8.0, 50)]) or (0, "")
    assert step == 205
    assert words.startswith("the training loss has exploded by step 205: ")


def test_one_loss_or_norm_that_is_no_number_is_a_fault_at_once() -> None:
    assert judged([1.0, math.nan]) == (2, "the training loss is no longer a number at step 2")
    step, words = judged([1.0, 1.2], [0.5, math.inf]) or (0, "")
    assert (step, words) == (2, "the gradient is no longer a number at step 2, with a training loss of 1.2")


def test_a_loss_near_zero_may_vary_by_large_factors() -> None:
    assert judged([*noisy(0.693, 50), *noisy(0.001, 200), *noisy(0.4, 50)]) is None


def test_rewards_turned_into_losses_around_zero_are_sound() -> None:
    rng = random.Random(1)
    assert judged([rng.gauss(0.0, 0.05) for _ in range(300)]) is None


def test_a_gradient_that_stays_far_above_what_it_was_is_a_fault_only_where_clipping_cuts_it() -> None:
    losses = noisy(2.0, 200)
    step, words = judged(losses, [*noisy(0.5, 150), *noisy(100.0, 50)]) or (0, "")
    assert step == 155
    assert words.startswith("the gradient has exploded by step 155: norm ")
    assert judged(losses, [*noisy(1e-4, 150), *noisy(0.05, 50)]) is None


def test_a_loss_below_that_of_guessing_has_not_exploded() -> None:
    # A head that starts as a linear probe begins far below, and rises while the network is first moved.
    losses = [0.3] * 15 + [1.5] * 15
    for guessing, stops in ((0.0, True), (2.48, False)):
        guard = Guard(clipped_at=1.0, loss_of_guessing=guessing)
        said = [guard.judge(Step(number, loss, 1.0)) for number, loss in enumerate(losses)]
        assert any(said) is stops
