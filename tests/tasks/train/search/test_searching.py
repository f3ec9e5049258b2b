"""Whole searches on a tiny network, with their trainings in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from infra.mlflow import Mlflow
from infra.settings import settings
from tasks.errors import UserInputError
from tasks.records import DatasetRef
from tasks.registry.connection import mlflow
from tasks.store import fetch
from tasks.train.classifier.learning import learn
from tasks.train.config import TrainingConfig
from tasks.train.search import searching
from tasks.train.search.config import SearchConfig
from tasks.train.search.record import SearchResult
from tasks.train.search.searching import Search, trial_runs

Make = Callable[..., TrainingConfig]
GOOD, POOR = 1e-2, 1e-6


class Killed(BaseException):
    """Stands for a search that is killed: nothing in it may catch it."""


class Trainings:
    """Trains in this process and counts; dies in the training of the given number, after its first evaluation."""

    def __init__(self) -> None:
        self.learning_rates: list[float] = []
        self.dies_in: int | None = None

    def __call__(self, folder: Path, on_progress: Any, _on_note: Any, on_measures: Any) -> dict[str, float]:
        from tasks.train.plan import RunPlan

        self.learning_rates.append(RunPlan.read(folder).config.learning_rate)

        def tell(event: str, **content: Any) -> None:
            if event != "progress":
                return
            on_progress(content["done"], content["total"], content["message"])
            measures = content.get("measures", {})
            on_measures(content["done"], measures, None)
            if len(self.learning_rates) - 1 == self.dies_in and "validation/loss" in measures:
                raise Killed

        return learn(folder, tell)


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> Trainings:
    torch.set_num_threads(1)
    found = Trainings()
    monkeypatch.setattr(searching, "run_training", found)
    return found


def search(dataset: DatasetRef, training: TrainingConfig, **fields: Any) -> SearchResult:
    notes = fields.pop("notes", list[str]())
    space = fields.pop("space", {"learning_rate": {"kind": "one_of", "values": [POOR, GOOD]}})
    runs = trial_runs(fields.pop("parent", None), notes.append)
    config = SearchConfig.model_validate({"space": space, **fields})
    return Search(dataset, training, config, "code", lambda *_: None, notes.append, runs).result()


def test_a_search_finds_the_better_of_two_learning_rates_and_ends_the_other_early(
    dataset: DatasetRef, tiny_config: Make, trainings: Trainings
) -> None:
    training = tiny_config(learning_rate=GOOD, epochs=4, early_stopping_patience=4)
    found = search(dataset, training, trials=4, unpruned_trials=1)
    assert found.training == training.model_copy(update={"learning_rate": GOOD})
    assert trainings.learning_rates[0] == GOOD, "the config's own values come first"
    poor = [trial for trial in found.trials if trial.values["learning_rate"] == POOR]
    assert poor
    assert {trial.state for trial in poor} == {"pruned"}
    assert all(len(trial.evaluations) < 4 for trial in poor), "it would have had four evaluations"
    assert "lay above the median of the others" in poor[0].why
    best = found.trials[found.best]
    assert best.validation_loss == min(trial.validation_loss for trial in found.trials if trial.validation_loss)
    assert f"trial {found.best} did best" in found.sentence
    report = fetch(found) / "report"
    assert found.sentence in (report / "search.md").read_text()
    assert (report / "search.png").read_bytes().startswith(b"\x89PNG")
    assert not list((settings().home_path / "runs").iterdir()), "run folders of trials are left behind"


@pytest.mark.slow
def test_a_killed_search_goes_on_with_its_finished_trials(
    dataset: DatasetRef, tiny_config: Make, trainings: Trainings
) -> None:
    training, space = tiny_config(epochs=2), {"learning_rate": {"kind": "log_uniform", "low": 1e-4, "high": 1e-2}}
    trainings.dies_in = 1
    with pytest.raises(Killed):
        search(dataset, training, trials=3, space=space, unpruned_trials=9)
    interrupted = trainings.learning_rates[1]
    trainings.dies_in = None
    found = search(dataset, training, trials=3, space=space, unpruned_trials=9)
    assert len(trainings.learning_rates) == 4, "the finished trial is not trained again"
    assert trainings.learning_rates[2] == interrupted, "the interrupted one goes on with its values"
    assert [trial.state for trial in found.trials] == ["complete"] * 3
    assert [len(trial.evaluations) for trial in found.trials] == [2, 2, 2]
    assert search(dataset, training, trials=3, space=space, unpruned_trials=9) == found
    assert len(trainings.learning_rates) == 4, "a search that is over is not repeated"


@pytest.mark.slow
def test_values_that_do_not_train_are_a_failed_trial_and_not_the_end(
    dataset: DatasetRef, tiny_config: Make, trainings: Trainings
) -> None:
    space = {"learning_rate": {"kind": "one_of", "values": [GOOD, 1e30]}}
    found = search(dataset, tiny_config(learning_rate=GOOD, epochs=2, warmup_steps=0), trials=4, space=space)
    failed = [trial for trial in found.trials if trial.state == "failed"]
    assert failed
    assert "lower training.learning_rate" in failed[0].why
    assert found.training.learning_rate == GOOD


def test_a_search_without_a_single_success_says_why(
    dataset: DatasetRef, tiny_config: Make, trainings: Trainings
) -> None:
    space = {"learning_rate": {"kind": "one_of", "values": [1e29, 1e30]}}
    with pytest.raises(UserInputError, match="3 trials of the search failed and none is complete; the last: .*loss"):
        search(dataset, tiny_config(warmup_steps=0), trials=9, space=space)


def test_a_search_ends_when_its_time_is_over(dataset: DatasetRef, tiny_config: Make, trainings: Trainings) -> None:
    with pytest.raises(UserInputError, match=r"no trial .* within 1e-05 minutes .* raise\s+search\.max_minutes"):
        search(dataset, tiny_config(), trials=9, max_minutes=1e-5)
    assert len(trainings.learning_rates) == 1


@pytest.mark.slow
def test_trials_are_child_runs_of_the_run_that_follows_the_flow(
    dataset: DatasetRef, tiny_config: Make, trainings: Trainings
) -> None:
    tracking = mlflow()
    tracking.prepare()
    experiment = tracking.experiment("demo")
    parent = tracking.start_run(experiment, "retrain", {})
    training = tiny_config(learning_rate=GOOD, epochs=2)
    found = search(dataset, training, trials=2, unpruned_trials=9, parent=(experiment, parent))
    runs = {run.data.tags["trial"]: run for run in tracking.client.search_runs([experiment], _children_of(parent))}
    assert set(runs) == {"0", "1"}
    for trial in found.trials:
        run = runs[str(trial.number)]
        assert run.data.params["training.learning_rate"] == f"{trial.values['learning_rate']:g}"
        assert run.data.metrics["best_validation_loss"] == pytest.approx(trial.validation_loss)
        assert run.info.status == "FINISHED"
        history = tracking.client.get_metric_history(run.info.run_id, "validation/loss")
        assert [point.value for point in history] == pytest.approx(trial.evaluations)


def test_a_search_goes_on_when_mlflow_does_not(
    dataset: DatasetRef, tiny_config: Make, trainings: Trainings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    unreachable = Mlflow(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder'}/mlflow.db", tmp_path)
    monkeypatch.setattr("tasks.registry.connection.mlflow", lambda: unreachable)
    notes: list[str] = []
    training = tiny_config(learning_rate=GOOD, epochs=1)
    found = search(dataset, training, notes=notes, trials=1, parent=("1", "a"))
    assert found.trials[0].state == "complete"
    assert sum(note.startswith("the trials are no longer written to MLflow") for note in notes) == 1


def _children_of(run_id: str) -> str:
    return f"tags.mlflow.parentRunId = '{run_id}'"
