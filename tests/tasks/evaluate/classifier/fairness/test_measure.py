"""A classifier that fails a group is seen to; where nothing can be compared, it is said why and what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import equal_opportunity_difference, equalized_odds_difference

from tasks.errors import UserInputError
from tasks.evaluate.classifier.answers import answer
from tasks.evaluate.classifier.fairness.config import FairnessConfig
from tasks.evaluate.classifier.fairness.measure import ODDS, OPPORTUNITY, measure_fairness
from tasks.evaluate.classifier.subject import Subject
from tasks.evaluate.config import EvaluationConfig
from tests.tasks.evaluate.classifier.known_classifier import LABELS, KnownClassifier, make_holdout

EVALUATION = EvaluationConfig(bootstrap_samples=300)


def subject_of(holdout: pd.DataFrame, fails: str | None = None, wrong: float = 0.05) -> Subject:
    """A classifier that is wrong in a share of all rows, and in the group `fails` in about a third."""
    classifier = KnownClassifier(holdout, tuple(sorted(set(holdout["label"]))), wrong=wrong)
    failed = holdout.loc[holdout["group"] == fails, "text"].tolist()
    classifier.mistaken |= set(failed[::3])
    nowhere = Path("unused")
    return Subject(nowhere, nowhere, classifier, holdout, answer(classifier, holdout))


def test_a_model_that_fails_a_group_has_its_whole_interval_above_the_usual_limit() -> None:
    found = measure_fairness(subject_of(make_holdout(900), fails="terse"), FairnessConfig(), EVALUATION)
    for name in (OPPORTUNITY, ODDS):
        assert 0.03 < (found.metrics[name].low or 0) < found.metrics[name].value < (found.metrics[name].high or 0)
    rates = found.table.set_index("group")["rate"]
    assert rates["terse"] < rates["long"] - 0.2
    assert rates["long"] - rates["terse"] == pytest.approx(found.metrics[OPPORTUNITY].value)
    assert found.table["rows"].sum() == 900
    assert found.missing == ""


def test_a_model_that_serves_groups_alike_is_not_called_unfair_nor_fair_without_rows_enough() -> None:
    few = measure_fairness(subject_of(make_holdout(300)), FairnessConfig(), EVALUATION).metrics[OPPORTUNITY]
    assert (few.low or 0) < 0.03 < (few.high or 0)
    many = measure_fairness(subject_of(make_holdout(24_000)), FairnessConfig(), EVALUATION).metrics[OPPORTUNITY]
    assert (many.high or 1) < 0.03


@pytest.mark.parametrize("labels", [LABELS[:2], LABELS])
def test_figures_for_a_positive_label_are_those_of_fairlearn(labels: tuple[str, ...]) -> None:
    holdout = make_holdout(800, labels)
    holdout.loc[:30, "group"] = "a third"
    subject, config = subject_of(holdout, fails="long"), FairnessConfig(positive_label=labels[1], smallest_group=1)
    found = measure_fairness(subject, config, EVALUATION).metrics
    answers = subject.answers
    own, given = answers.labels == 1, answers.predicted == 1
    expected = equal_opportunity_difference(own, given, sensitive_features=answers.groups)
    assert found[OPPORTUNITY].value == pytest.approx(expected, abs=1e-12)
    expected = equalized_odds_difference(own, given, sensitive_features=answers.groups)
    assert found[ODDS].value == pytest.approx(expected, abs=1e-12)


def test_a_group_too_small_to_decide_is_shown_and_not_judged() -> None:
    holdout = make_holdout(600)
    holdout.loc[:11, "group"] = "rare"
    found = measure_fairness(subject_of(holdout, fails="rare"), FairnessConfig(), EVALUATION)
    rare = found.table.set_index("group").loc["rare"]
    assert not rare["judged"]
    assert rare["why_not_judged"] == "12 of the 30 rows that it takes"
    assert rare["low"] < rare["rate"] <= rare["high"]
    assert found.metrics[OPPORTUNITY].value < 0.1
    judged = measure_fairness(subject_of(holdout, fails="rare"), FairnessConfig(smallest_group=12), EVALUATION)
    assert judged.metrics[OPPORTUNITY].value > 0.2


def test_a_holdout_without_groups_has_no_figure_and_a_sentence_that_says_what_to_do() -> None:
    found = measure_fairness(subject_of(make_holdout(60, groups=False)), FairnessConfig(), EVALUATION)
    assert found.metrics == {}
    assert found.table.empty
    assert "rate" in found.table.columns
    assert found.missing == ("no row of the holdout names a group: name the column that holds it in data.group_column")


def test_with_one_group_large_enough_there_is_no_figure_and_the_others_are_named() -> None:
    holdout = make_holdout(60)
    holdout["group"] = ["large"] * 50 + ["small"] * 10
    found = measure_fairness(subject_of(holdout), FairnessConfig(), EVALUATION)
    assert found.metrics == {}
    assert found.missing == (
        "groups cannot be compared, because 1 of 2 can be judged (small has 10 of the 30 rows that it takes): give the "
        "groups more holdout rows, of the same labels, or lower evaluation.fairness.smallest_group, below which a "
        "group is not judged"
    )


def test_groups_that_share_no_label_cannot_be_compared() -> None:
    holdout = make_holdout(120)
    holdout["group"] = np.where(holdout["label"] < "intent_06", "first", "last")
    found = measure_fairness(subject_of(holdout), FairnessConfig(), EVALUATION)
    assert found.metrics == {}
    assert "first has no label that every group large enough has" in found.missing


def test_equal_opportunity_can_be_told_where_equalised_odds_cannot() -> None:
    holdout = make_holdout(240, LABELS[:2])
    holdout["group"] = "a"
    holdout.loc[(holdout["label"] == LABELS[1]) & (holdout.index < 120), "group"] = "b"
    found = measure_fairness(subject_of(holdout), FairnessConfig(positive_label=LABELS[1]), EVALUATION)
    assert set(found.metrics) == {OPPORTUNITY}
    assert found.missing.startswith(
        "equalised odds of groups cannot be compared, because 1 of 2 can be judged (b has 0 of the 30 rows with "
        "another label)"
    )


def test_a_positive_label_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UserInputError, match="positive_label is 'approved', .* they have intent_00, intent_01"):
        measure_fairness(subject_of(make_holdout(60)), FairnessConfig(positive_label="approved"), EVALUATION)


def test_the_same_answers_give_the_same_figures() -> None:
    first, second = (measure_fairness(subject_of(make_holdout()), FairnessConfig(), EVALUATION) for _ in range(2))
    assert first.metrics == second.metrics
    pd.testing.assert_frame_equal(first.table, second.table)
