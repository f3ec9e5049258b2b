"""`run.json`: all that a training process needs to know, so that it can be replayed without Prefect."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pydantic import ValidationError

from tasks.errors import StorageError, UserInputError
from tasks.models.bundled import base_model_digest, resolve_base_model
from tasks.records import DatasetRef, Record
from tasks.train.config import TrainingConfig

FILE = "run.json"


class RunPlan(Record):
    """One training, with every name resolved."""

    dataset_folder: Path
    """Local folder of the dataset."""
    dataset_digest: str
    labels: tuple[str, ...]
    """Labels of the training rows, sorted."""
    base_model: str
    """Local folder or hub id of the base model."""
    config: TrainingConfig

    @classmethod
    def read(cls, run_folder: Path) -> RunPlan:
        """The plan in `run_folder`. Raises UserInputError where it is missing or not valid."""
        path = run_folder / FILE
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            raise UserInputError(f"there is no {path}: the train stage writes it") from None
        except ValidationError as error:
            raise UserInputError(f"{path} is not a valid plan of a training: {error}") from None


def prepare_run(runs: Path, dataset: DatasetRef, dataset_folder: Path, config: TrainingConfig, code: str) -> Path:
    """Write the plan into the run's folder and return the folder.

    The folder is named by dataset, base model, config and code, so that a training that was killed goes on in it.
    Raises UserInputError where the config or the labels allow no training, StorageError where `runs` cannot be written.
    """
    if dataset.task != "classification":
        raise UserInputError(
            f"data.task is {dataset.task}, and training teaches labels only: `make data` prepares such rows and stops "
            "before training; set data.task to classification to train"
        )
    if len(dataset.labels) < 2:
        raise UserInputError(
            f"the training rows have {len(dataset.labels)} label(s) ({', '.join(dataset.labels) or 'none'}); a "
            "classifier needs at least two: check data.label_column and the rows that were set aside"
        )
    plan = RunPlan(
        dataset_folder=dataset_folder,
        dataset_digest=dataset.digest,
        labels=dataset.labels,
        base_model=resolve_base_model(config.base_model),
        config=config,
    )
    inputs = [dataset.digest, base_model_digest(config.base_model), config.model_dump(mode="json"), code]
    key = json.dumps(inputs, sort_keys=True)
    folder = runs / hashlib.sha256(key.encode()).hexdigest()[:32]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(plan.model_dump_json(indent=1), encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"cannot write to {folder} ({error.strerror}): set REFIT_HOME to a writable folder"
        ) from None
    return folder
