"""A stored model, loaded as what it is, measured and written down: a classifier by its labels, others by answers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tasks.errors import UserInputError
from tasks.evaluate.config import EvaluationConfig
from tasks.models.info import ModelInfo
from tasks.records import DatasetRef, Measurement
from tasks.store import fetch_whole

Measured = tuple[dict[str, Measurement], dict[str, str]]
"""Figures by name; and by part of the section why a figure that a gate may ask for is missing."""


def write_measured(
    folder: Path,
    model_folder: Path,
    dataset: DatasetRef,
    holdout: pd.DataFrame,
    config: EvaluationConfig,
    origin: dict[str, str],
) -> Measured:
    """Fill the empty `folder` with the report of the model in `model_folder` on `holdout`, and return its figures.

    Raises UserInputError where the model does another task than the dataset's, and where the holdout has no rows or a
    row lacks what it is measured by.
    """
    labels_texts = ModelInfo.read(model_folder).task == "classification"
    if labels_texts != (dataset.task == "classification"):
        kinds = ("labels texts", "answers them") if labels_texts else ("answers texts", "labels them")
        raise UserInputError(
            f"the model {origin['model_digest'][:12]} {kinds[0]}, but rows of the task {dataset.task} (data.task) ask "
            f"for one that {kinds[1]}: models of two kinds cannot share a name and a release log; give this one "
            "another `model`"
        )
    if labels_texts:
        return _classifier(folder, model_folder, fetch_whole(dataset), holdout, config, origin)
    return _language_model(folder, model_folder, fetch_whole(dataset), holdout, config, origin)


def _classifier(
    folder: Path,
    model_folder: Path,
    dataset_folder: Path,
    holdout: pd.DataFrame,
    config: EvaluationConfig,
    origin: dict[str, str],
) -> Measured:
    from tasks.evaluate.classifier.measure import measure
    from tasks.evaluate.classifier.report import write_report
    from tasks.evaluate.classifier.rooms import ROOMS
    from tasks.evaluate.classifier.side_effects.slices import slices_for
    from tasks.evaluate.classifier.slices_file import SLICES
    from tasks.evaluate.classifier.subject import Subject
    from tasks.evaluate.room import measure_rooms, write_numbers
    from tasks.models.onnx_classifier import OnnxClassifier

    classifier = OnnxClassifier.load(model_folder)
    answers, milliseconds, metrics = measure(classifier, holdout, config)
    subject = Subject(model_folder, dataset_folder, classifier, holdout, answers)
    (folder / "report").mkdir()
    more, missing = measure_rooms(ROOMS, subject, config, folder / "report", write_numbers)
    metrics |= more
    if config.side_effects:
        slices_for(subject, config.side_effects).to_parquet(folder / SLICES, index=False)
    write_report(folder, answers, milliseconds, metrics, config, origin)
    return metrics, missing


def _language_model(
    folder: Path,
    model_folder: Path,
    dataset_folder: Path,
    holdout: pd.DataFrame,
    config: EvaluationConfig,
    origin: dict[str, str],
) -> Measured:
    from tasks.evaluate.language.measure import measure_language_model
    from tasks.evaluate.language.report import write_language_report
    from tasks.evaluate.language.rooms import LANGUAGE_ROOMS
    from tasks.evaluate.language.subject import LanguageSubject
    from tasks.evaluate.room import measure_rooms
    from tasks.models.language_model import LanguageModel
    from tasks.pii.shown_rows import write_shown_rows

    model = LanguageModel.load(model_folder)
    answers, timed, metrics = measure_language_model(model, holdout, config)
    subject = LanguageSubject(model_folder, model, model.info.task, holdout, answers, dataset_folder)
    (folder / "report").mkdir()
    more, missing = measure_rooms(LANGUAGE_ROOMS, subject, config, folder / "report", write_shown_rows)
    metrics |= more
    write_language_report(folder, answers, holdout["text"], timed, metrics, config, origin)
    return metrics, missing
