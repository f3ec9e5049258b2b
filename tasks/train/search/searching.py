"""A search from beginning to end: one training after the other, each in a process of its own, until enough are done."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.settings import settings
from tasks.errors import TrainingFailed, UserInputError
from tasks.models.bundled import base_model_digest
from tasks.records import DatasetRef
from tasks.store import fetch_whole, keep, workspace
from tasks.train.config import TrainingConfig
from tasks.train.plan import prepare_run
from tasks.train.process import OnNote, OnProgress, run_training
from tasks.train.search.config import SearchConfig
from tasks.train.search.record import SearchResult, Trial
from tasks.train.search.report import write_report, written
from tasks.train.search.space import check_space, distributions, own_values, trial_training, with_values
from tasks.train.search.study import (
    RUN,
    SECONDS,
    STEPS,
    WHY,
    finished_trials,
    next_trial,
    open_study,
    study_key,
)
from tasks.train.search.trial_runs import TrialRuns

VALIDATION_LOSS = "validation/loss"
"""How the name of the metric ends by which trials are compared; a stage's name may stand before it."""
MOST_FAILURES = 3
"""So many trials that fail before any is complete end the search: it is not the values then."""


class EndedEarly(Exception):
    """Leaves a training whose trial is not worth going on with; its process is ended."""


@dataclass
class Search:
    """One search: its data, its settings, its study, and whom it tells."""

    dataset: DatasetRef
    training: TrainingConfig
    config: SearchConfig
    code: str
    on_progress: OnProgress
    on_note: OnNote
    runs: TrialRuns | None

    def result(self) -> SearchResult:
        """Try settings until there are enough trials or the time is over, and return what did best.

        Raises UserInputError where the space does not suit the training, or no trial came to its end.
        """
        small = trial_training(self.training, self.dataset.task)
        check_space(small, self.dataset.task, self.config)
        base = base_model_digest(self.training.base_model)
        key = study_key(self.dataset, small, self.config, base, self.code)
        study = open_study(settings().home_path / "searches", key, self.config)
        data, space = fetch_whole(self.dataset), distributions(self.config)
        first = own_values(small, self.dataset.task, self.config)
        while (left := self._seconds_left(study)) > 0 and len(finished_trials(study)) < self.config.trials:
            self._try(study, next_trial(study, self.config, space, first), small, data, time.monotonic() + left)
            _require_some_success(finished_trials(study))
        return self._kept(finished_trials(study))

    def _seconds_left(self, study: Any) -> float:
        return self.config.max_minutes * 60 - sum(trial.seconds for trial in finished_trials(study))

    def _try(self, study: Any, trial: Any, small: TrainingConfig, data: Path, deadline: float) -> None:
        """Train with the trial's values, and tell the study what came of it."""
        from optuna.trial import TrialState as State

        training = with_values(small, self.dataset.task, trial.params)
        folder = prepare_run(settings().home_path / "runs", self.dataset, data, training, self.code)
        watch = self._watch(trial, deadline)
        state, value, why, start = State.COMPLETE, None, "", time.monotonic()
        self.on_note(f"trial {trial.number}: {written(trial.params)}")
        try:
            value = _judged(run_training(folder, watch.progress, _unheard, watch.measures))
        except EndedEarly as early:
            state, why = State.PRUNED, str(early)
        except (UserInputError, TrainingFailed) as error:
            state, why = State.FAIL, str(error)
        trial.set_user_attr(SECONDS, time.monotonic() - start)
        trial.set_user_attr(WHY, why)
        study.tell(trial, value, state)
        shutil.rmtree(folder, ignore_errors=True)
        done = finished_trials(study)[trial.number]
        self.on_note(f"trial {done.number}: {in_words(done)}")
        if self.runs is not None:
            self.runs.end(watch.run_id, done)

    def _watch(self, trial: Any, deadline: float) -> Watch:
        run_id = trial.user_attrs.get(RUN)
        if self.runs is not None and run_id is None:
            run_id = self.runs.begin(trial.number, trial.params)
            trial.set_user_attr(RUN, run_id)
        return Watch(trial, deadline, run_id, self.runs, self.config.trials, self.on_progress)

    def _kept(self, trials: tuple[Trial, ...]) -> SearchResult:
        best = min((trial for trial in trials if trial.state == "complete"), key=_loss, default=None)
        if best is None:
            reasons = "; ".join(f"trial {trial.number}: {trial.why}" for trial in trials[-2:])
            raise UserInputError(
                f"no trial of the search came to its end within {self.config.max_minutes:g} minutes ({reasons}): raise "
                "search.max_minutes, or lower training.epochs"
            )
        sentence = _sentence(trials, best)
        with workspace("search") as folder:
            write_report(folder, trials, best, self.config, sentence)
            stored = keep("searches", folder)
        return SearchResult(
            uri=stored.uri,
            digest=stored.digest,
            dataset_digest=self.dataset.digest,
            training=with_values(self.training, self.dataset.task, best.values),
            best=best.number,
            trials=trials,
            sentence=sentence,
        )


@dataclass
class Watch:
    """Follows the training of one trial: reports its validation losses, and ends it where it is not worth its time."""

    trial: Any
    deadline: float
    run_id: str | None
    runs: TrialRuns | None
    trials: int
    on_progress: OnProgress

    def progress(self, done: float, total: float, message: str) -> None:
        """Steps done, steps in all, and a few words. Raises EndedEarly where the search's time is over."""
        share = done / total if total else 0.0
        self.on_progress(self.trial.number + share, self.trials, f"trial {self.trial.number}: {message}")
        if time.monotonic() > self.deadline:
            raise EndedEarly("the time of the search (search.max_minutes) was over")

    def measures(self, step: int, measured: dict[str, float], _seconds_left: float | None) -> None:
        """Report a validation loss by the number of its evaluation. Raises EndedEarly where others did better there."""
        losses = [value for name, value in measured.items() if name.endswith(VALIDATION_LOSS)]
        steps: list[int] = self.trial.user_attrs.get(STEPS, [])
        if not losses or step in steps:
            return
        self.trial.set_user_attr(STEPS, [*steps, step])
        self.trial.report(losses[0], len(steps) + 1)
        if self.runs is not None:
            self.runs.evaluated(self.run_id, step, losses[0])
        if self.trial.should_prune():
            place = f"evaluation {len(steps) + 1}, {losses[0]:.4g}"
            raise EndedEarly(f"its validation loss at {place}, lay above the median of the others")


def in_words(trial: Trial) -> str:
    """What a trial came to, in a few words."""
    loss = "no evaluation" if trial.validation_loss is None else f"validation loss {trial.validation_loss:.4g}"
    why = f" ({trial.why.splitlines()[0]})" if trial.why else ""
    return f"{trial.state}, {loss}{why}"


def _sentence(trials: tuple[Trial, ...], best: Trial) -> str:
    counts = {state: sum(trial.state == state for trial in trials) for state in ("complete", "pruned", "failed")}
    states = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    own = trials[0]
    compared = ""
    if own.state == "complete" and own.validation_loss is not None:
        compared = f"; the first came to {own.validation_loss:.4g} with {written(own.values)}"
    return (
        f"Of {len(trials)} trials ({states}), trial {best.number} did best: validation loss {best.validation_loss:.4g} "
        f"with {written(best.values)}{compared if best.number else ', the values of the first trial'}."
    )


def _loss(trial: Trial) -> float:
    return float("inf") if trial.validation_loss is None else trial.validation_loss


def _require_some_success(trials: tuple[Trial, ...]) -> None:
    failed = [trial for trial in trials if trial.state == "failed"]
    if len(failed) >= MOST_FAILURES and not any(trial.state == "complete" for trial in trials):
        raise UserInputError(
            f"{len(failed)} trials of the search failed and none is complete; the last: {failed[-1].why}"
        )


def _judged(figures: dict[str, float]) -> float:
    """The loss by which a training is judged. Raises UserInputError where it has none."""
    if "validation_loss" not in figures:
        raise UserInputError(
            "the first stage of training.stages teaches no answers, so it has no validation loss to search by: set "
            "search.trials to 0, or let sft come first"
        )
    return figures["validation_loss"]


def _unheard(_message: str) -> None:
    """Notes of a single trial: there would be too many."""


Parent = tuple[str, str]
"""Experiment and run of MLflow that the trials belong to."""


def trial_runs(parent: Parent | None, on_note: Callable[[str], None]) -> TrialRuns | None:
    """Where the trials are written; nowhere unless a run of MLflow follows the flow."""
    if parent is None:
        return None
    from tasks.registry.connection import mlflow

    return TrialRuns(mlflow(), *parent, on_note)
