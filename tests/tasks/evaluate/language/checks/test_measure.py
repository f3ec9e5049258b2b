"""The share of answers that keep the rules which the data, or the config, asks of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from matplotlib.image import imread
from pydantic import ValidationError

from tasks.errors import UserInputError
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.language.checks.config import ChecksConfig
from tasks.evaluate.language.checks.measure import measure_checks
from tasks.evaluate.language.checks.plot import plot_checks
from tests.tasks.evaluate.language.answering_model import subject_of

EVALUATION = EvaluationConfig()
REPEATS = {"rule": {"kind": "repeats", "pattern": r"\b\d{5}\b"}, "name": "order_number"}
SIGNED = {"rule": {"kind": "wording", "holds": ["kind regards"]}, "name": "signed"}
ROWS = [
    ("Where is 12345?", "12345 is sent. Kind regards", "12345 is sent. Kind regards"),
    ("Where is 12346?", "12346 is sent. Kind regards", "It is sent. Kind regards"),
    ("Where is it?", "Which order? Kind regards", "Which order?"),
    ("Where is it?", "Which order? Kind regards", "Which order? Kind regards"),
]


def config(*rules: Mapping[str, object]) -> ChecksConfig:
    return ChecksConfig.model_validate({"rules": rules})


def test_an_answer_passes_that_keeps_every_rule_that_is_asked_of_it() -> None:
    found = measure_checks(subject_of(ROWS), config(REPEATS, SIGNED), EVALUATION)
    assert found.metrics["checks_passed"].value == 0.5
    assert found.metrics["checks_passed.order_number"].value == 0.5
    assert found.metrics["checks_passed.signed"].value == 0.75
    assert found.metrics["checks_passed"].high is not None
    assert found.missing == ""


def test_a_rule_may_be_asked_of_every_row_or_of_groups_alone() -> None:
    rows = [("a", "plain", "plain"), ("b", "plain", "[]")]
    json_rule = {"rule": {"kind": "json_schema"}}
    everywhere = measure_checks(subject_of(rows), config({**json_rule, "asked_of": "all"}), EVALUATION)
    assert everywhere.metrics["checks_passed.json_schema"].value == 0.5
    of_a_group = {**json_rule, "asked_of": "all", "groups": ["machines"]}
    found = measure_checks(subject_of(rows, groups=["people", "machines"]), config(of_a_group), EVALUATION)
    assert found.metrics["checks_passed"].value == 1
    assert list(found.table["id"]) == ["r1"]


def test_a_rule_that_no_row_asks_for_leaves_the_figure_missing_and_says_why() -> None:
    found = measure_checks(subject_of(ROWS), config(SIGNED, {"rule": {"kind": "json_schema"}}), EVALUATION)
    assert "checks_passed" not in found.metrics
    assert found.metrics["checks_passed.signed"].value == 0.75
    assert "none of the 4 answered rows is asked json_schema" in found.missing


def test_rules_have_names_of_their_own_and_patterns_that_work() -> None:
    with pytest.raises(ValidationError, match="two rules are called wording: give each a `name` of its own"):
        config({"rule": {"kind": "wording"}}, {"rule": {"kind": "wording", "most_words": 5}})
    broken = config({"rule": {"kind": "repeats", "pattern": "("}, "name": "number"})
    with pytest.raises(UserInputError, match=r"of the rule number \(evaluation.checks.rules\) is no regular"):
        measure_checks(subject_of(ROWS), broken, EVALUATION)


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    found = measure_checks(subject_of(ROWS), config(REPEATS, SIGNED), EVALUATION)
    plot_checks(found.table, found.metrics, tmp_path / "checks.png")
    assert imread(tmp_path / "checks.png")[..., :3].std() > 0.02
