"""What stages hand over becomes metrics, parameters and tags under good names."""

from __future__ import annotations

import json
from pathlib import Path

from infra.mlflow import Point
from tasks.records import DatasetRef, Measurement, Pilot, Report, SideBySide, TrainingPlan
from tasks.track.figures import (
    flat_params,
    history_points,
    metric_name,
    pilot_points,
    plan_points,
    report_points,
    row_points,
    verdict_digests,
    verdict_tags,
)
from tests.stored_model import stored_model, stored_verdict

REPORT = Report(
    uri="u",
    digest="r",
    model_digest="m",
    holdout_digest="h",
    rows=10,
    confidence=0.9,
    metrics={
        "mcc": Measurement(value=0.9, low=0.8, high=0.95),
        "p50_milliseconds": Measurement(value=3.0),
        "accuracy.terse & short": Measurement(value=0.7, low=0.6, high=0.8),
    },
)


def test_a_nested_config_becomes_the_names_that_set_takes() -> None:
    config = {
        "model": "m",
        "training": {"epochs": 4.0, "technique": {"kind": "lora"}},
        "labels": ["a"],
        "x": None,
        "e": {},
    }
    assert flat_params(config) == {
        "model": "m",
        "training.epochs": "4.0",
        "training.technique.kind": "lora",
        "labels": '["a"]',
        "x": "null",
        "e": "{}",
    }


def test_what_was_measured_side_by_side_is_grouped_as_a_report_is() -> None:
    figures = {"energy_ratio": Measurement(value=0.8, low=0.7, high=0.9)}
    both = SideBySide(uri="u", digest="s", candidate_digest="m", champion_digest="c", metrics=figures)
    assert set(report_points(both, "side_by_side")) == {
        Point("side_by_side/energy_ratio", 0.8),
        Point("side_by_side_interval/energy_ratio_low", 0.7),
        Point("side_by_side_interval/energy_ratio_high", 0.9),
    }


def test_measurements_intervals_and_groups_are_grouped_apart() -> None:
    assert set(report_points(REPORT, "evaluate")) == {
        Point("evaluate/mcc", 0.9),
        Point("evaluate_interval/mcc_low", 0.8),
        Point("evaluate_interval/mcc_high", 0.95),
        Point("evaluate/p50_milliseconds", 3.0),
        Point("evaluate_accuracy_by_group/terse _ short", 0.7),
        Point("evaluate_interval/accuracy_terse _ short_low", 0.6),
        Point("evaluate_interval/accuracy_terse _ short_high", 0.8),
    }


def test_every_row_is_counted_once() -> None:
    dataset = DatasetRef(
        uri="u",
        digest="d",
        rows={"train": 5, "holdout": 2},
        rows_in=10,
        quarantined={"too long": 2},
        merged=1,
        qualities={"alignment": 0.98},
    )
    assert set(row_points(dataset)) == {
        Point("rows/in", 10),
        Point("rows/train", 5),
        Point("rows/holdout", 2),
        Point("rows/merged", 1),
        Point("rows/made", 0),
        Point("quality/alignment", 0.98),
        Point("rows/quarantined", 2),
        Point("quarantined/too long", 2),
    }


def test_mlflow_takes_any_name() -> None:
    assert metric_name("quarantined", "label 'x' (unknown) ä") == "quarantined/label _x_ _unknown_ _"


def test_the_curves_of_a_training_are_read_by_step(tmp_path: Path) -> None:
    assert history_points(tmp_path) == []
    (tmp_path / "report").mkdir()
    curves = {
        "training": [{"step": 10, "loss": 2.0, "learning_rate": 1e-4, "note": "text is left out"}],
        "validation": [{"step": 10, "loss": 1.5, "accuracy": 0.6}],
        "something else": 1,
    }
    (tmp_path / "report/history.json").write_text(json.dumps(curves))
    assert history_points(tmp_path) == [
        Point("train/loss", 2.0, 10),
        Point("train/learning_rate", 1e-4, 10),
        Point("validation/loss", 1.5, 10),
        Point("validation/accuracy", 0.6, 10),
    ]


def test_a_verdict_can_be_searched_for_by_its_gates() -> None:
    assert verdict_tags(stored_verdict(stored_model())) == {"verdict": "pass", "gate.quality": "pass"}


def test_a_verdict_names_what_it_is_bound_to() -> None:
    champion = stored_model(1)
    assert verdict_digests(stored_verdict(stored_model(), champion))["digest.champion"] == champion.digest
    assert verdict_digests(stored_verdict(stored_model()))["digest.champion"] == "none"


def test_a_plans_figures_stand_under_plan() -> None:
    plan = TrainingPlan(uri="u", digest="d", dataset_digest="x", sentence="s", figures={"tokens": 5.0, "hours": 0.5})
    assert plan_points(plan) == [Point("plan/tokens", 5.0), Point("plan/hours", 0.5)]


def test_a_pilots_scores_and_gains_stand_under_pilot() -> None:
    pilot = Pilot(
        uri="u",
        digest="d",
        dataset_digest="x",
        rows=60,
        judged_rows=80,
        state="helps",
        go_on=True,
        sentence="s",
        scores={"base": Measurement(value=0.2), "pilot": Measurement(value=0.7, low=0.6, high=0.8)},
        gains={"base": Measurement(value=0.5, low=0.4, high=0.6)},
    )
    found = {point.name: point.value for point in pilot_points(pilot)}
    assert found == {
        "pilot/rows": 60,
        "pilot/judged_rows": 80,
        "pilot/base": 0.2,
        "pilot/pilot": 0.7,
        "pilot/gain_over_base": 0.5,
        "pilot/gain_over_base_low": 0.4,
        "pilot/gain_over_base_high": 0.6,
    }
