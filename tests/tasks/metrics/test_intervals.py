"""Intervals hold the truth as often as they say, also where no mistake was seen; pairs are compared as pairs."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.metrics.classification import Integers, classification_scores
from tasks.metrics.intervals import (
    mcnemar_p_value,
    paired_difference,
    percentile_interval,
    score_intervals,
    share_difference,
    share_interval,
    values_needed,
)


def rows_of(draw: np.random.Generator, rows: int, wrong: float, classes: int = 4) -> tuple[Integers, Integers]:
    labels = draw.choice(classes, rows, p=np.arange(1, classes + 1) / np.arange(1, classes + 1).sum())
    shift = np.where(draw.random(rows) < wrong, draw.integers(1, classes, rows), 0)
    return labels, (labels + shift) % classes


def test_the_intervals_of_scores_hold_the_truth_as_often_as_they_say() -> None:
    draw = np.random.default_rng(11)
    truth = classification_scores(*rows_of(draw, 400_000, 0.1), 4)
    held = dict.fromkeys(truth, 0)
    for trial in range(150):
        labels, predicted = rows_of(draw, 200, 0.1)
        found = score_intervals(labels, predicted, 4, samples=300, confidence=0.9, seed=trial)
        for name, value in truth.items():
            held[name] += (found[name].low or 0) <= value <= (found[name].high or 0)
    # 150 trials of an interval of 90 % give 135 on average, with a standard deviation of 4; a little wide is meant.
    assert all(125 <= count <= 149 for count in held.values()), held


def test_the_interval_of_accuracy_is_that_of_clopper_and_pearson() -> None:
    labels, predicted = rows_of(np.random.default_rng(2), 120, 0.15)
    exact = share_interval(int((labels == predicted).sum()), 120, 0.95)
    found = score_intervals(labels, predicted, 4, samples=20_000, confidence=0.95, seed=0)["accuracy"]
    assert found.value == exact.value
    assert found.low == pytest.approx(exact.low, abs=0.004)
    assert found.high == pytest.approx(exact.high, abs=0.004)


def test_a_few_rows_without_a_mistake_are_no_certainty() -> None:
    labels = np.array([0, 1] * 6)
    found = score_intervals(labels, labels, 2, samples=4000, confidence=0.95, seed=0)
    for name in ("mcc", "f1_macro", "accuracy"):
        assert found[name].value == 1
        assert found[name].high == 1
        assert (found[name].low or 0) < 0.9
    assert found["accuracy"].low == pytest.approx(0.735, abs=0.02)  # the exact lower limit of 12 of 12


def test_the_same_seed_gives_the_same_interval_and_the_order_of_rows_is_nothing_to_it() -> None:
    labels, predicted = rows_of(np.random.default_rng(5), 300, 0.1)
    order = np.random.default_rng(6).permutation(300)
    first = score_intervals(labels, predicted, 4, samples=200, confidence=0.95, seed=7)
    assert score_intervals(labels, predicted, 4, samples=200, confidence=0.95, seed=7) == first
    assert score_intervals(labels[order], predicted[order], 4, samples=200, confidence=0.95, seed=7) == first
    assert score_intervals(labels, predicted, 4, samples=200, confidence=0.95, seed=8) != first


def test_more_resamples_than_are_held_at_once_are_all_drawn() -> None:
    labels, predicted = rows_of(np.random.default_rng(5), 300, 0.1)
    few = score_intervals(labels, predicted, 4, samples=251, confidence=0.95, seed=7)["mcc"]
    many = score_intervals(labels, predicted, 4, samples=3000, confidence=0.95, seed=7)["mcc"]
    assert few.low != many.low
    assert few.low == pytest.approx(many.low, abs=0.02)


def test_a_paired_difference_is_surer_than_two_intervals_apart() -> None:
    draw = np.random.default_rng(4)
    labels, theirs = rows_of(draw, 600, 0.15)
    ours = np.where(draw.random(600) < 0.3, labels, theirs)  # ours mends about a third of their mistakes
    found = paired_difference(labels, ours, theirs, 4, metric="mcc", samples=2000, confidence=0.95, seed=0)
    apart = [score_intervals(labels, side, 4, samples=2000, confidence=0.95, seed=0)["mcc"] for side in (ours, theirs)]
    assert found.value == pytest.approx(apart[0].value - apart[1].value)
    assert (found.low or 0) > 0
    widths = [(each.high or 0) - (each.low or 0) for each in (found, *apart)]
    assert widths[0] < 0.8 * min(widths[1:])


def test_a_paired_difference_turns_round_with_its_sides() -> None:
    draw = np.random.default_rng(8)
    labels, ours = rows_of(draw, 300, 0.1)
    theirs = np.where(draw.random(300) < 0.1, (labels + 1) % 4, labels)
    for metric in ("mcc", "f1_macro", "accuracy"):
        options = {"samples": 4000, "confidence": 0.95, "seed": 0}
        there = paired_difference(labels, ours, theirs, 4, metric=metric, **options)  # type: ignore[arg-type]
        back = paired_difference(labels, theirs, ours, 4, metric=metric, **options)  # type: ignore[arg-type]
        assert there.value == pytest.approx(-back.value)
        assert there.low == pytest.approx(-(back.high or 0), abs=0.005)


def test_the_interval_of_a_paired_difference_holds_the_truth_as_often_as_it_says() -> None:
    draw = np.random.default_rng(21)
    held = 0
    for trial in range(150):
        labels, theirs = rows_of(draw, 250, 0.12)
        ours = np.where(draw.random(250) < 0.1, (labels + 1) % 4, labels)
        # True accuracies are 0.90 and 0.88 by construction.
        found = paired_difference(labels, ours, theirs, 4, metric="accuracy", samples=300, confidence=0.9, seed=trial)
        held += (found.low or 0) <= 0.02 <= (found.high or 0)
    assert 125 <= held <= 149


def test_two_models_that_agree_on_a_few_rows_may_still_differ() -> None:
    labels, ours = rows_of(np.random.default_rng(1), 60, 0.1)
    found = paired_difference(labels, ours, ours, 4, metric="accuracy", samples=4000, confidence=0.95, seed=0)
    assert found.value == 0
    assert found.low == pytest.approx(-3.7 / 61, abs=0.01)


@pytest.mark.parametrize("share", [0.5, 0.99])
def test_a_percentiles_interval_holds_the_truth_as_often_as_it_says(share: float) -> None:
    draw = np.random.default_rng(3)
    truth = np.exp(0.5 * np.quantile(draw.normal(size=1_000_000), share))
    held = 0
    for _ in range(300):
        found = percentile_interval(np.exp(0.5 * draw.normal(size=600)), share, 0.9)
        held += (found.low or 0) <= truth <= (found.high or 0)
    assert 255 <= held <= 298


def test_a_percentile_of_too_few_values_has_no_upper_end() -> None:
    values = np.arange(1.0, values_needed(0.99, 0.95) + 1)
    assert len(values) == 368  # 0.99 ** 368 is just below 2.5 %
    assert percentile_interval(values, 0.99, 0.95).high == 368
    assert percentile_interval(values[:-1], 0.99, 0.95).high is None
    assert percentile_interval(values[:5], 0.5, 0.95).low is None


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile_interval(np.arange(1.0, 1001), 0.99, 0.95).value == 990


def test_a_share_of_none_or_all_has_one_end_at_the_edge() -> None:
    assert share_interval(0, 10, 0.95).low == 0
    assert share_interval(0, 10, 0.95).high == pytest.approx(0.3085, abs=1e-4)
    assert share_interval(10, 10, 0.95).high == 1
    with pytest.raises(ValueError, match="no rows"):
        share_interval(0, 0, 0.95)


def test_mcnemars_test_looks_only_at_the_rows_on_which_the_two_differ() -> None:
    ours = np.array([True] * 9 + [False] * 1 + [True] * 500)
    theirs = np.array([False] * 9 + [True] * 1 + [True] * 500)
    assert mcnemar_p_value(ours, theirs) == pytest.approx(2 * (1 + 10) / 2**10)
    assert mcnemar_p_value(ours, ours) == 1


@pytest.mark.parametrize(("share", "other"), [(0.95, 0.95), (0.97, 0.85), (0.6, 0.7)])
def test_the_difference_of_independent_shares_is_covered_as_often_as_promised(share: float, other: float) -> None:
    draw = np.random.default_rng(0)
    ends = [
        share_difference(int(draw.binomial(80, share)), 80, int(draw.binomial(120, other)), 120, 0.9)
        for _ in range(400)
    ]
    covered = [(each.low or 0) <= share - other <= (each.high or 0) for each in ends]
    assert np.mean(covered) > 0.88


def test_the_difference_of_shares_turned_round_has_its_ends_turned_round() -> None:
    one, other = share_difference(40, 50, 10, 60, 0.9), share_difference(10, 60, 40, 50, 0.9)
    assert one.value == -other.value == pytest.approx(0.8 - 1 / 6)
    assert one.low == pytest.approx(-(other.high or 0))
    assert share_difference(50, 50, 0, 60, 0.9).high == 1.0
