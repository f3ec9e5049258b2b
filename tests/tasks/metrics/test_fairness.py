"""Rates by group and their largest difference equal fairlearn's and scikit-learn's; small groups decide nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from fairlearn.metrics import (
    MetricFrame,
    equal_opportunity_difference,
    equalized_odds_difference,
    false_positive_rate,
    true_positive_rate,
)
from sklearn.metrics import recall_score

from tasks.metrics import fairness
from tasks.metrics.fairness import (
    Comparison,
    Integers,
    compare_groups,
    count_by_group,
)

RESAMPLING: dict[str, Any] = {"samples": 100, "confidence": 0.95, "seed": 0}


def rows_of(
    classes: int, rows: int = 400, groups: int = 3, seed: int = 0
) -> tuple[Integers, Integers, npt.NDArray[np.object_]]:
    """Labels, predictions and groups; the later a group's name, the more of its rows are wrong."""
    draw = np.random.default_rng(seed)
    group = draw.integers(0, groups, rows)
    labels = draw.integers(0, classes, rows)
    wrong = draw.random(rows) < 0.05 + 0.1 * group
    predicted = np.where(wrong, (labels + draw.integers(1, classes, rows)) % classes, labels)
    return labels, predicted, np.array([f"group {number}" for number in group], dtype=object)


def compared(
    rows: tuple[Integers, Integers, npt.NDArray[np.object_]], classes: int, positive: int | None, smallest: int = 1
) -> Comparison:
    return compare_groups(count_by_group(*rows, classes), positive, smallest)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("classes", "positive", "groups"), [(2, 1, 2), (2, 0, 5), (6, 3, 3)])
def test_differences_for_a_positive_label_equal_those_of_fairlearn(
    classes: int, positive: int, groups: int, seed: int
) -> None:
    labels, predicted, group = rows_of(classes, groups=groups, seed=seed)
    ours = compared((labels, predicted, group), classes, positive)
    own_and_given = (labels == positive).astype(int), (predicted == positive).astype(int)
    opportunity = fairness.equal_opportunity_difference(ours, **RESAMPLING)
    odds = fairness.equalised_odds_difference(ours, **RESAMPLING)
    assert opportunity is not None
    assert odds is not None
    assert opportunity.value == pytest.approx(
        equal_opportunity_difference(*own_and_given, sensitive_features=group), abs=1e-12
    )
    expected = equalized_odds_difference(*own_and_given, sensitive_features=group)
    assert odds.value == pytest.approx(expected, abs=1e-12)


def test_rates_of_every_group_and_label_equal_those_of_fairlearn() -> None:
    labels, predicted, group = rows_of(4)
    counts = count_by_group(labels, predicted, group, 4)
    measures = {"true": true_positive_rate, "false": false_positive_rate}
    for label in range(4):
        frame = MetricFrame(
            metrics=measures, y_true=labels == label, y_pred=predicted == label, sensitive_features=group
        )
        assert list(frame.by_group.index) == list(counts.names)
        np.testing.assert_allclose(counts.true_positive_rates[:, label], frame.by_group["true"], atol=1e-12)
        np.testing.assert_allclose(counts.false_positive_rates[:, label], frame.by_group["false"], atol=1e-12)


def test_without_a_positive_label_a_group_has_the_mean_recall_of_the_labels_that_all_have() -> None:
    labels, predicted, group = rows_of(5)
    keep = ~((labels == 4) & (group == "group 1"))  # group 1 has no row of label 4, so that label compares nobody
    labels, predicted, group = labels[keep], predicted[keep], group[keep]
    found = compared((labels, predicted, group), 5, None)
    assert found.labels == (0, 1, 2, 3)
    for each in found.groups:
        own = group == each.name
        expected = recall_score(labels[own], predicted[own], labels=[0, 1, 2, 3], average="macro")
        assert each.true_positive is not None
        assert each.true_positive.value == pytest.approx(expected, abs=1e-12)
        assert each.true_positive.as_sure_as <= each.true_positive.rows
        wrong = [(predicted[own] == label)[labels[own] != label].mean() for label in found.labels]
        assert each.false_positive is not None
        assert each.false_positive.value == pytest.approx(np.mean(wrong), abs=1e-12)


def test_a_group_too_small_to_decide_is_left_out_and_named() -> None:
    labels, predicted, group = rows_of(2)
    labels, predicted = np.append(labels, [1] * 5), np.append(predicted, [0] * 5)
    group = np.append(group, ["tiny"] * 5)
    with_it, without = (compared((labels, predicted, group), 2, 1, smallest) for smallest in (1, 6))
    assert [each.name for each in without.groups if not each.enough_true] == ["tiny"]
    assert fairness.equal_opportunity_difference(with_it, **RESAMPLING).value > 0.5  # type: ignore[union-attr]
    assert fairness.equal_opportunity_difference(without, **RESAMPLING).value < 0.4  # type: ignore[union-attr]


def test_a_group_may_have_rows_enough_for_the_one_rate_and_not_for_the_other() -> None:
    labels = np.array([1] * 20 + [0] * 3 + [1] * 20 + [0] * 20)
    group = np.array(["a"] * 23 + ["b"] * 40, dtype=object)
    found = compared((labels, labels, group), 2, 1, 10)
    assert [(each.enough_true, each.enough_false) for each in found.groups] == [(True, False), (True, True)]
    assert fairness.equal_opportunity_difference(found, **RESAMPLING) is not None
    assert fairness.equalised_odds_difference(found, **RESAMPLING) is None


def test_rows_without_a_group_are_not_looked_at() -> None:
    labels, predicted, group = rows_of(3)
    group[:100] = None
    kept = count_by_group(labels[100:], predicted[100:], group[100:], 3)
    np.testing.assert_array_equal(count_by_group(labels, predicted, group, 3).hits, kept.hits)
    group[:] = None
    none = compared((labels, predicted, group), 3, None)
    assert none == Comparison(labels=(), groups=())
    assert fairness.equal_opportunity_difference(none, **RESAMPLING) is None
    assert fairness.equalised_odds_difference(none, **RESAMPLING) is None


def test_groups_that_share_no_label_have_no_rate() -> None:
    labels = np.array([0] * 10 + [1] * 10)
    group = np.array(["a"] * 10 + ["b"] * 10, dtype=object)
    found = compared((labels, labels, group), 2, None, 5)
    assert found.labels == ()
    assert found.true_positive == []


def test_a_mean_over_labels_of_one_row_each_is_not_taken_for_certain() -> None:
    # Resampling within labels would find no noise at all, because each has a single row.
    labels = np.tile(np.arange(40), 2)
    predicted = np.where(np.arange(80) % 10 == 0, (labels + 1) % 40, labels)
    group = np.array(["a"] * 40 + ["b"] * 40, dtype=object)
    found = compared((labels, predicted, group), 40, None)
    assert [rate.as_sure_as for rate in found.true_positive] == pytest.approx([40, 40])
    interval = found.true_positive[0].interval(0.95)
    assert interval.value == 0.9
    assert (interval.low, interval.high) == pytest.approx((0.763, 0.972), abs=1e-3)  # Clopper and Pearson, 36 of 40


def test_of_two_labels_without_a_positive_one_the_two_rates_mirror_each_other() -> None:
    for each in compared(rows_of(2), 2, None).groups:
        assert each.true_positive is not None
        assert each.false_positive is not None
        there, back = each.true_positive.interval(0.95), each.false_positive.interval(0.95)
        mirrored = 1 - back.value, 1 - (back.high or 0), 1 - (back.low or 0)
        assert (there.value, there.low, there.high) == pytest.approx(mirrored, abs=0.01)


def test_arrays_of_different_lengths_are_refused() -> None:
    labels, predicted, group = rows_of(2)
    with pytest.raises(ValueError, match="400 labels, 400 predictions and 399 groups"):
        count_by_group(labels, predicted, group[1:], 2)


@pytest.mark.slow
def test_the_interval_over_many_labels_with_few_rows_each_holds_the_truth() -> None:
    draw, trials, classes = np.random.default_rng(3), 300, 30
    # Some labels are hard, the rarest ones most; the second group is worse by 8 points in each.
    often = np.array([14] * 10 + [5] * 10 + [2] * 10)
    recall = np.repeat([[0.95, 0.9, 0.8], [0.87, 0.82, 0.72]], 10, axis=1)
    labels = np.tile(np.repeat(np.arange(classes), often), 2)
    place = np.repeat([0, 1], often.sum())
    too_high = too_low = 0
    for trial in range(trials):
        right = draw.random(len(labels)) < recall[place, labels]
        predicted = np.where(right, labels, (labels + draw.integers(1, classes, len(labels))) % classes)
        found = fairness.equal_opportunity_difference(
            compared((labels, predicted, np.array(["a", "b"], dtype=object)[place]), classes, None),
            samples=300,
            confidence=0.9,
            seed=trial,
        )
        assert found is not None
        too_high += (found.low or 0) > 0.08 + 1e-9
        too_low += (found.high or 0) < 0.08
    # Each end may miss in 5 % of the trials, which is 15, with a standard deviation of 4.
    assert too_high <= 24
    assert too_low <= 24
