"""Robustness of a real network of a few thousand parameters: every figure, its interval, and the table behind it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd
import pytest

from tasks.evaluate.classifier.answers import answer
from tasks.evaluate.classifier.robustness.config import RobustnessConfig
from tasks.evaluate.classifier.robustness.measure import COLUMNS, measure_robustness
from tasks.evaluate.classifier.robustness.plot import plot_robustness
from tasks.evaluate.classifier.subject import Subject
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.room import Found

EVALUATION = EvaluationConfig(bootstrap_samples=200)
CONFIG = RobustnessConfig(rows=60, epsilon=0.3, typo_draws=2)
NAMES = [
    "attack_success",
    "attack_epsilon",
    "attack_success_pgd",
    "attack_success_words",
    "attack_success_characters",
    "accuracy_with_typos",
    "accuracy_lost_to_typos",
]


_FOUND: list[Found] = []


@pytest.fixture
def found(subject: Subject) -> Found:
    """Measured once for all tests, but inside the first one's home, where the encoder keeps its vectors."""
    if not _FOUND:
        _FOUND.append(measure_robustness(subject, CONFIG, EVALUATION))
    return _FOUND[0]


def test_every_figure_has_an_interval_about_it(found: Found) -> None:
    assert list(found.metrics) == NAMES
    for name, measured in found.metrics.items():
        assert measured.low is not None, name
        assert measured.high is not None, name
        assert measured.low <= measured.value <= measured.high, name


def test_the_figures_are_those_of_the_table(found: Found, subject: Subject) -> None:
    table = found.table
    assert tuple(table.columns) == COLUMNS
    ensemble = table[table["attack"] == "ensemble"].set_index("strength")
    assert list(ensemble.index) == [0, 0.25, 0.5, 1, 2]
    assert ensemble.loc[1, "success"] == found.metrics["attack_success"].value > 0
    assert ensemble["broken"].is_monotonic_increasing
    members = table[(table["strength"] == 1) & (table["attack"] != "ensemble")]
    assert list(members["attack"]) == ["pgd", "one_step", "margin", "momentum", "targeted"]
    assert members["broken"].sum() == ensemble.loc[1, "broken"]
    left = members["rows"] - members["broken"]
    assert list(members["rows"][1:]) == list(left[:-1]), "each is tried on those that withstood the ones before"
    searches = table[table["attack"].isin(["words", "characters"])]
    assert (searches["effort"] <= CONFIG.queries).all()
    assert list(searches["success"]) == [found.metrics[f"attack_success_{name}"].value for name in searches["attack"]]


def test_the_budget_is_told(found: Found) -> None:
    assert found.metrics["attack_epsilon"].value == CONFIG.epsilon


def test_rows_that_withstand_far_more_are_spared_work_and_the_figures_stay(found: Found, subject: Subject) -> None:
    only = {"text_attacks": (), "typo_rate": 0.0}
    spared, thorough = (
        measure_robustness(subject, CONFIG.model_copy(update={**only, "spared_beyond": beyond}), EVALUATION)
        for beyond in (2.0, None)
    )
    assert spared.metrics == thorough.metrics
    efforts = [
        found.table.query("attack == 'ensemble' and strength == 1")["effort"].item() for found in (spared, thorough)
    ]
    assert 0 < efforts[0] < efforts[1]


def test_typos_are_paired_with_the_clean_answers(found: Found, subject: Subject) -> None:
    only = {"rows": 1000, "gradient_attacks": (), "text_attacks": ()}
    everything = measure_robustness(subject, CONFIG.model_copy(update=only), EVALUATION).metrics
    lost = subject.answers.correct.mean() - everything["accuracy_with_typos"].value
    assert everything["accuracy_lost_to_typos"].value == pytest.approx(lost)


def test_no_text_and_no_label_is_in_the_table(found: Found, subject: Subject) -> None:
    written = found.table.to_csv()
    for text in [*subject.holdout["text"], "refund"]:
        assert text not in written


def test_the_same_seed_finds_the_same_and_another_draws_other_rows(subject: Subject) -> None:
    few = CONFIG.model_copy(update={"rows": 20, "text_attacks": ("characters",)})
    one, again = (measure_robustness(subject, few, EVALUATION) for _ in range(2))
    assert again.metrics == one.metrics
    pd.testing.assert_frame_equal(again.table, one.table)
    other = measure_robustness(subject, few, EVALUATION.model_copy(update={"seed": 5}))
    assert other.metrics != one.metrics


def test_what_is_switched_off_is_not_measured(subject: Subject) -> None:
    quiet = CONFIG.model_copy(update={"gradient_attacks": (), "text_attacks": ("characters",), "typo_rate": 0.0})
    assert list(measure_robustness(subject, quiet, EVALUATION).metrics) == ["attack_success_characters"]
    margin = CONFIG.model_copy(update={"gradient_attacks": ("margin",), "text_attacks": (), "typo_rate": 0.0})
    assert list(measure_robustness(subject, margin, EVALUATION).metrics) == ["attack_success", "attack_epsilon"]


def test_without_a_right_answer_there_is_nothing_to_attack(subject: Subject) -> None:
    holdout = subject.holdout.assign(label="unheard_of")
    lost = dataclasses.replace(subject, holdout=holdout, answers=answer(subject.classifier, holdout))
    found = measure_robustness(lost, CONFIG, EVALUATION)
    assert list(found.metrics) == ["accuracy_with_typos", "accuracy_lost_to_typos"]
    assert found.metrics["accuracy_with_typos"].value == 0
    assert "attack_success_words" in found.missing
    assert "none of the 60 rows drawn" in found.missing


def test_the_picture_is_the_same_bytes_each_time_and_needs_no_gradient_attack(found: Found, tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        plot_robustness(found.table, found.metrics, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    table = found.table[found.table["attack"] == "typos"]
    plot_robustness(table, {"accuracy_lost_to_typos": found.metrics["accuracy_lost_to_typos"]}, tmp_path / "few.png")
    assert (tmp_path / "few.png").stat().st_size > 5000
