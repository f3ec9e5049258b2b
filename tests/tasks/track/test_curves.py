"""Curves grow in MLflow while a training runs, and no point stands there twice."""

from __future__ import annotations

import pytest

from infra.mlflow import Mlflow, MlflowFailed, Point
from tasks.track.run import TrackedRun
from tasks.track.run_log import Origin, RunLog
from tests.mlflow_database import ready_mlflow
from tests.stored_model import stored_model
from tests.tasks.track.fake_stages import CONFIG, MODEL

ORIGIN = Origin("retrain", "small-run", None, None, "me")


@pytest.fixture
def mlflow() -> Mlflow:
    return ready_mlflow()


def losses(mlflow: Mlflow, run: TrackedRun) -> list[tuple[int, float]]:
    history = mlflow.client.get_metric_history(run.log.run_id, "train/loss")
    return sorted((point.step, point.value) for point in history)


def test_points_arrive_before_the_stage_ends(mlflow: Mlflow) -> None:
    run = TrackedRun(RunLog(mlflow, MODEL, CONFIG, ORIGIN), print)
    run.start()
    run.progress(1, {"train/loss": 0.9, "system/memory_bytes": 5.0})
    run.writer.drain()
    assert losses(mlflow, run) == [(1, 0.9)]
    run.close(None)


def test_steps_done_twice_and_the_models_own_history_double_no_point(mlflow: Mlflow) -> None:
    run = TrackedRun(RunLog(mlflow, MODEL, CONFIG, ORIGIN), print)
    run.start()
    for step in (1, 1, 3):
        run.progress(step, {"train/loss": float(step)})
    model = stored_model(0)
    run.stage_done("train", model, 1.0, reused=False)
    run.stage_done("export", model, 1.0, reused=False)
    run.close(None)
    steps = [step for step, _ in losses(mlflow, run)]
    assert steps == [1, 2, 3]


def test_an_mlflow_that_does_not_answer_for_a_while_fails_no_training(
    mlflow: Mlflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    run = TrackedRun(RunLog(mlflow, MODEL, CONFIG, ORIGIN), said.append)
    run.start()
    run.writer.drain()

    def away(_points: list[Point]) -> None:
        raise MlflowFailed("no route")

    with monkeypatch.context() as patched:
        patched.setattr(run.log, "grow", away)
        run.progress(1, {"train/loss": 0.9})
        run.writer.drain()
    model = stored_model(0)
    run.stage_done("export", model, 1.0, reused=False)
    run.close(None)
    assert said == ["curves do not reach MLflow while they grow: no route"]
    assert [step for step, _ in losses(mlflow, run)] == [1, 2]
