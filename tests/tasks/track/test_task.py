"""A tracked flow run: everything that its stages did is in one MLflow run, linked both ways, whatever becomes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

from infra.mlflow import Mlflow
from infra.mlflow_registry import alias_version
from tasks.errors import DataRejected
from tasks.records import Outcome
from tasks.release.log import read_log
from tasks.track.task import tracked_run
from tasks.track.writer import TrackingFailed
from tests.mlflow_database import ready_mlflow
from tests.tasks.track import fake_stages as stages
from tests.tasks.track.fake_stages import CONFIG, MODEL

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def mlflow() -> Mlflow:
    return ready_mlflow()


@flow(name="small-retrain")
def small_retrain(seed: int = 0, passed: bool = True, good: bool = True, interrupt: bool = False) -> Outcome:
    """A retrain of stages that take no time."""
    with tracked_run(MODEL, CONFIG) as run:
        dataset = stages.curate(stages.validate(stages.acquire(), good))
        if interrupt:
            raise KeyboardInterrupt
        candidate = stages.export(stages.train(dataset, seed))
        report = stages.evaluate(candidate)
        champion = stages.champion_model(MODEL)
        if champion:
            stages.evaluate(champion)
        stages.side_by_side(report)
        verdict = stages.gate(report, champion, passed)
        released = stages.release(candidate, verdict) if verdict.passed else None
        return run.finish(dataset, candidate, report, verdict, released)


def only_run(mlflow: Mlflow) -> Any:
    (run,) = mlflow.client.search_runs([mlflow.experiment(MODEL)])
    return run


def artefact_paths(mlflow: Mlflow, run_id: str) -> set[str]:
    place = Path(mlflow.client.get_run(run_id).info.artifact_uri.removeprefix("file://"))
    return {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}


def test_a_release_is_tracked_with_all_that_led_to_it(mlflow: Mlflow) -> None:
    outcome = small_retrain()
    run = only_run(mlflow)
    metrics, tags = run.data.metrics, run.data.tags
    assert run.info.status == "FINISHED"
    assert outcome.mlflow_run_id == run.info.run_id
    assert (outcome.state, outcome.release, outcome.unchanged) == ("released", 1, False)
    assert set(outcome.seconds) == {
        "acquire", "validate", "curate", "train", "export", "evaluate", "champion_model", "side_by_side", "gate",
        "release",
    }  # fmt: skip
    assert run.data.params["release.alias"] == "champion"
    assert metrics["evaluate/mcc"] == 0.9
    assert metrics["gate/quality"] == 0.9
    assert metrics["gate_limit/quality"] == 0.8
    assert (metrics["rows/in"], metrics["rows/train"]) == (2, 1)
    assert metrics["side_by_side/joules_per_1000"] == 36
    assert {f"seconds/{name}" for name in outcome.seconds} <= set(metrics)
    assert metrics["model/steps"] == 2
    assert [point.step for point in mlflow.client.get_metric_history(run.info.run_id, "train/loss")] == [1, 2]
    assert (tags["outcome"], tags["verdict"], tags["gate.quality"], tags["release"]) == (
        "released",
        "pass",
        "pass",
        "1",
    )
    assert run.data.params["digest.curate"] == outcome.dataset_digest
    assert run.data.params["digest.export"] == outcome.candidate_digest
    assert "Released as number 1" in tags["mlflow.note.content"]
    uses = {item.dataset.name: item.tags[0].value for item in run.inputs.dataset_inputs}
    assert uses == {
        "intents-acquired": "acquired",
        "intents-train": "training",
        "intents-holdout": "evaluation",
    }
    assert alias_version(mlflow, MODEL, "champion") == "1"


def test_reports_card_and_outcome_are_artefacts(mlflow: Mlflow) -> None:
    outcome = small_retrain()
    run_id = only_run(mlflow).info.run_id
    assert artefact_paths(mlflow, run_id) == {
        "MODEL_CARD.md",
        "outcome.json",
        "acquire/index.html",
        "validate/index.html",
        "curate/index.html",
        "train/history.json",
        "evaluate/confusion.txt",
        "side_by_side/energy.txt",
    }
    place = Path(mlflow.client.get_run(run_id).info.artifact_uri.removeprefix("file://"))
    assert Outcome.model_validate_json((place / "outcome.json").read_text()) == outcome
    (model,) = mlflow.client.search_logged_models([mlflow.experiment(MODEL)])
    assert {metric.key: metric.value for metric in model.metrics}["evaluate/mcc"] == 0.9
    card = Path(model.artifact_location.removeprefix("file://"), "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "| Joules of a thousand predictions | 36.0 | 35.0 to 37.0 |" in card


def test_prefect_and_mlflow_point_at_each_other(mlflow: Mlflow) -> None:
    state = small_retrain(return_state=True)
    run = only_run(mlflow)
    flow_run_id = str(state.state_details.flow_run_id)
    assert run.data.tags["prefect.flow_run_id"] == flow_run_id
    with get_client(sync_client=True) as client:
        assert run.info.run_name == client.read_flow_run(flow_run_id).name  # type: ignore[arg-type]
        key = ArtifactFilter(key=ArtifactFilterKey(any_=["mlflow-run"]))
        found = [
            item.data for item in client.read_artifacts(artifact_filter=key) if str(item.flow_run_id) == flow_run_id
        ]
    assert len(found) == 1
    assert run.info.run_id in str(found[0])


def test_the_same_model_again_changes_nothing_and_is_logged_once(mlflow: Mlflow) -> None:
    small_retrain()
    again = small_retrain()
    assert (again.state, again.release, again.unchanged) == ("released", 1, True)
    assert len(read_log(MODEL)) == 1
    assert len(mlflow.client.search_logged_models([mlflow.experiment(MODEL)])) == 1
    assert len(mlflow.client.search_model_versions(f"name = '{MODEL}'")) == 1
    assert mlflow.client.get_run(again.mlflow_run_id).data.tags["outcome"] == "unchanged"


def test_the_champions_report_stands_beside_the_candidates(mlflow: Mlflow) -> None:
    small_retrain(seed=0)
    second = small_retrain(seed=1)
    run = mlflow.client.get_run(second.mlflow_run_id)
    assert second.release == 2
    assert {"evaluate/mcc", "evaluate_champion/mcc", "seconds/evaluate_champion"} <= set(run.data.metrics)
    assert "evaluate_champion/confusion.txt" in artefact_paths(mlflow, run.info.run_id)
    assert alias_version(mlflow, MODEL, "champion") == "2"


def test_a_rejection_is_a_finished_run(mlflow: Mlflow) -> None:
    outcome = small_retrain(passed=False)
    run = only_run(mlflow)
    assert (outcome.state, outcome.release) == ("rejected", None)
    assert (run.info.status, run.data.tags["outcome"], run.data.tags["gate.quality"]) == (
        "FINISHED",
        "rejected",
        "fail",
    )
    assert mlflow.client.search_model_versions(f"name = '{MODEL}'") == []


def test_rejected_data_ends_the_run_as_failed_with_the_evidence(mlflow: Mlflow) -> None:
    with pytest.raises(DataRejected, match="too few rows of card"):
        small_retrain(good=False)
    run = only_run(mlflow)
    assert run.info.status == "FAILED"
    assert run.data.tags["error"] == "too few rows of card: 1 of 5"
    assert "validate/index.html" in artefact_paths(mlflow, run.info.run_id)


def test_an_interrupt_ends_the_run_as_killed(mlflow: Mlflow) -> None:
    with pytest.raises(KeyboardInterrupt):
        small_retrain(interrupt=True)
    assert only_run(mlflow).info.status == "KILLED"


def test_a_run_that_cannot_be_tracked_fails_clearly_and_releases_nothing(refit_home: Path) -> None:
    (refit_home / "mlflow.db").mkdir(parents=True)
    with pytest.raises(
        TrackingFailed, match=r"MLflow at sqlite:.* cannot be used.*a run must be tracked: start MLflow"
    ):
        small_retrain()
    assert read_log(MODEL) == []


@flow
def loses_mlflow(home: Path) -> Outcome:
    """A retrain whose tracking breaks once the release is written."""
    with tracked_run(MODEL, CONFIG) as run:
        dataset = stages.curate(stages.validate(stages.acquire()))
        candidate = stages.export(stages.train(dataset, 0))
        report = stages.evaluate(candidate)
        verdict = stages.gate(report, None, True)
        released = stages.release(candidate, verdict)
        stages.empty_database(home)
        return run.finish(dataset, candidate, report, verdict, released)


def test_a_release_outlives_an_mlflow_that_breaks_after_it(
    mlflow: Mlflow, refit_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outcome = loses_mlflow(refit_home)
    assert (outcome.state, outcome.release) == ("released", 1)
    assert len(read_log(MODEL)) == 1
    assert "release 1 of intents is written, but not all of it is tracked" in caplog.text


def test_the_outcome_of_a_run_is_plain_json(mlflow: Mlflow) -> None:
    outcome = small_retrain(passed=False)
    (gate,) = json.loads(outcome.model_dump_json())["gates"]
    assert set(gate) == {"name", "measured", "low", "high", "limit", "state", "reason", "at_least", "plots"}
