"""A stored model, loaded as what it is, measured and written down: a classifier by its labels, others by answers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tasks.errors import UserInputError
from tasks.evaluate.config import EvaluationConfig
from tasks.models.info import ModelInfo
from tasks.records import Measurement, TaskKind


def write_measured(
    folder: Path,
    model_folder: Path,
    holdout: pd.DataFrame,
    task: TaskKind,
    config: EvaluationConfig,
    origin: dict[str, str],
) -> dict[str, Measurement]:
    """Fill the empty `folder` with the report of the model in `model_folder`, and return its figures.

    `task` is what the holdout's rows ask. Raises UserInputError where the model does another, and where the holdout
    has no rows or a row lacks what it is measured by.
    """
    labels_texts = ModelInfo.read(model_folder).task == "classification"
    if labels_texts != (task == "classification"):
        kinds = ("labels texts", "answers them") if labels_texts else ("answers texts", "labels them")
        raise UserInputError(
            f"the model {origin['model_digest'][:12]} {kinds[0]}, but rows of the task {task} (data.task) ask for one "
            f"that {kinds[1]}: models of two kinds cannot share a name and a release log; give this one another `model`"
        )
    if labels_texts:
        return _classifier(folder, model_folder, holdout, config, origin)
    return _language_model(folder, model_folder, holdout, config, origin)


def _classifier(
    folder: Path, model_folder: Path, holdout: pd.DataFrame, config: EvaluationConfig, origin: dict[str, str]
) -> dict[str, Measurement]:
    from tasks.evaluate.measure import measure
    from tasks.evaluate.report import write_report
    from tasks.models.onnx_classifier import OnnxClassifier

    answers, milliseconds, metrics = measure(OnnxClassifier.load(model_folder), holdout, config)
    write_report(folder, answers, milliseconds, metrics, config, origin)
    return metrics


def _language_model(
    folder: Path, model_folder: Path, holdout: pd.DataFrame, config: EvaluationConfig, origin: dict[str, str]
) -> dict[str, Measurement]:
    from tasks.evaluate.language_measure import measure_language_model
    from tasks.evaluate.language_report import write_language_report
    from tasks.models.language_model import LanguageModel

    answers, timed, metrics = measure_language_model(LanguageModel.load(model_folder), holdout, config)
    write_language_report(folder, answers, holdout["text"], timed, metrics, config, origin)
    return metrics
