"""A pilot from beginning to end: choose rows, train on them in a process of its own, compare, and write it down."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from infra.settings import settings
from tasks.errors import UserInputError
from tasks.records import DatasetRef, Pilot, TaskKind
from tasks.store import fetch_whole, keep, workspace
from tasks.train.config import TrainingConfig
from tasks.train.pilot.comparison import Comparison, Measure, compare
from tasks.train.pilot.config import PilotConfig
from tasks.train.pilot.report import write_report
from tasks.train.pilot.rows import PilotRows, keep_pilot_rows, pilot_rows
from tasks.train.plan import RunPlan, prepare_run
from tasks.train.process import OnNote, OnProgress, run_training
from tasks.train.stage_kinds import SftStage

JUDGED_BY: dict[str, Measure] = {
    "classify": "right",
    "sft": "log_probability",
    "distil": "log_probability",
    "dpo": "margin",
}
"""The stages that can be piloted, and what shows whether they help."""
BATCH_ROWS = 16
PATIENCE = 3


class PilotTooLong(UserInputError):
    """The pilot's training did not end within `pilot.max_seconds`."""


def pilot_on(
    dataset: DatasetRef,
    training: TrainingConfig,
    config: PilotConfig,
    code: str,
    on_progress: OnProgress,
    on_note: OnNote,
) -> Pilot | None:
    """Train a pilot and compare it with its base; None where the config asks for none.

    `code` is the digest of the training's source. Raises UserInputError for what the user must mend, a pilot that takes
    longer than `max_seconds` included, and TrainingFailed where the training failed.
    """
    if not config.wants(dataset.task):
        return None
    rows = pilot_rows(dataset, config)
    small = keep_pilot_rows(rows, dataset)
    pilot_training = training_of_pilot(training, dataset.task, config)
    folder = prepare_run(settings().home_path / "runs", small, fetch_whole(small), pilot_training, code)
    run_training(folder, _until(time.monotonic() + config.max_seconds, config.max_seconds, on_progress), on_note)
    comparison = _compared(folder, rows, dataset, training, config)
    found = _kept(comparison, rows, dataset, config)
    shutil.rmtree(folder, ignore_errors=True)
    if not found.go_on or found.state != "helps":
        on_note(found.sentence)
    return found


def training_of_pilot(training: TrainingConfig, task: TaskKind, config: PilotConfig) -> TrainingConfig:
    """The user's training made small: its first stage that learns from rows as they are, and a few steps of it."""
    taught = [stage for stage in training.stages_for(task) if stage.kind in JUDGED_BY]
    stage = (taught[0] if taught else SftStage()).model_copy(update={"epochs": None, "batch_size": None})
    processes = training.devices.processes
    changes = {
        "stages": (stage,),
        "epochs": config.epochs,
        "batch_size": min(training.batch_size, max(BATCH_ROWS // processes, 1) * processes),
        "early_stopping_patience": PATIENCE,
        "evaluations_per_epoch": 1,
        # A few dozen rows need not have every group.
        "group_weighting": "none",
    }
    return training.model_copy(update=changes)


def _until(deadline: float, seconds: float, on_progress: OnProgress) -> OnProgress:
    """Pass progress on until the deadline; leaving `run_training` by an error ends its process."""

    def call(done: float, total: float, message: str) -> None:
        if time.monotonic() > deadline and done < total:
            raise PilotTooLong(
                f"the pilot did not end within {seconds:g} seconds (it was at step {done:g} of {total:g}), so it has "
                "not shown that fine-tuning helps: raise pilot.max_seconds, or lower pilot.rows or pilot.epochs"
            )
        on_progress(done, total, message)

    return call


def _compared(
    folder: Path, rows: PilotRows, dataset: DatasetRef, training: TrainingConfig, config: PilotConfig
) -> Comparison:
    plan = RunPlan.read(folder)
    measure = "right" if dataset.task == "classification" else JUDGED_BY[plan.config.stages[0].kind]
    if measure == "right":
        from tasks.train.pilot.classifier import classifier_scores

        scores = classifier_scores(rows, dataset.labels, training, folder / "model")
    else:
        from tasks.train.pilot.language import language_scores

        scores = language_scores(rows, plan, folder / "model", measure, config.prompt_tokens)
    return compare(measure, scores, config.confidence, config.seed)


def _kept(comparison: Comparison, rows: PilotRows, dataset: DatasetRef, config: PilotConfig) -> Pilot:
    sentence = comparison.sentence(len(rows.learned))
    with workspace("pilot") as place:
        write_report(place, comparison, rows.judged["id"].tolist(), sentence, len(rows.learned))
        stored = keep("pilots", place)
    return Pilot(
        uri=stored.uri,
        digest=stored.digest,
        dataset_digest=dataset.digest,
        rows=len(rows.learned),
        judged_rows=len(rows.judged),
        state=comparison.state,
        go_on=comparison.state == "helps" or config.on_no_help == "warn",
        sentence=sentence,
        scores=comparison.scores,
        gains=comparison.gains,
    )
