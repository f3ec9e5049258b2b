"""`run.json`: all that a training process needs to know, so that it can be replayed without Prefect."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pydantic import ValidationError

from infra.storage import file_sha256
from tasks.errors import StorageError, UserInputError
from tasks.models.bundled import base_model_digest, resolve_base_model
from tasks.records import DatasetRef, Record, TaskKind
from tasks.train.config import TrainingConfig
from tasks.train.devices import check_devices
from tasks.train.stage_kinds import DistilStage, JsonSchema

FILE = "run.json"
TEACHES: dict[TaskKind, tuple[str, ...]] = {
    "classification": ("classify", "distil"),
    "instruction": ("sft", "distil", "rloo", "grpo"),
    "chat": ("sft", "distil", "rloo", "grpo"),
    "preference": ("sft", "distil", "dpo", "reward", "rloo", "grpo"),
}
"""The stages that rows of each task can teach."""


class RunPlan(Record):
    """One training, with every name resolved."""

    dataset_folder: Path
    """Local folder of the dataset."""
    dataset_digest: str
    task: TaskKind
    """What a row teaches."""
    labels: tuple[str, ...]
    """Labels of the training rows, sorted; none where rows have answers."""
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
    check_stages(config, dataset.task)
    check_devices(config, dataset.task)
    if dataset.task == "classification" and len(dataset.labels) < 2:
        raise UserInputError(
            f"the training rows have {len(dataset.labels)} label(s) ({', '.join(dataset.labels) or 'none'}); a "
            "classifier needs at least two: check data.label_column and the rows that were set aside"
        )
    plan = RunPlan(
        dataset_folder=dataset_folder,
        dataset_digest=dataset.digest,
        task=dataset.task,
        labels=dataset.labels,
        base_model=resolve_base_model(config.base_model),
        config=config,
    )
    inputs = [dataset.digest, pointed_to(config), config.model_dump(mode="json"), code]
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


def pointed_to(config: TrainingConfig) -> str:
    """The digests of all that the config only points to: base model, teachers, and schemas of rewards."""
    teachers = [stage.teacher for stage in config.stages if isinstance(stage, DistilStage)]
    schemas = [file_sha256(path) for path in map(Path, _schema_files(config)) if path.is_file()]
    return " ".join([*(base_model_digest(name) for name in (config.base_model, *teachers)), *schemas])


def _schema_files(config: TrainingConfig) -> list[str]:
    rewards = [reward for stage in config.stages for reward in getattr(stage, "rewards", ())]
    return [reward.schema_file for reward in rewards if isinstance(reward, JsonSchema) and reward.schema_file]


def check_stages(config: TrainingConfig, task: TaskKind) -> None:
    """Raise UserInputError where a stage cannot be taught with rows of this kind, or stands in the wrong place."""
    kinds = [stage.kind for stage in config.stages_for(task)]
    for kind in kinds:
        if kind not in TEACHES[task]:
            raise UserInputError(
                f"training.stages names {kind}, which rows of the task {task} (data.task) cannot teach; allowed are "
                f"{', '.join(TEACHES[task])}"
            )
    for place, stage in enumerate(config.stages_for(task)):
        wanted = [reward.kind for reward in getattr(stage, "rewards", ())]
        if "reward_model" in wanted and "reward" not in kinds[:place]:
            raise UserInputError(
                f"the stage {stage.kind} is rewarded by a reward model, but no stage `reward` comes before it in "
                "training.stages: put one there, or name other rewards (exact_answer, json_schema)"
            )
    if task == "classification" and config.quantisation_aware:
        raise UserInputError(
            f"training.quantisation_aware is {config.quantisation_aware}, which is for language models: set it to null"
        )
    for name, off in (("adversarial", None), ("group_weighting", "none")):
        if task != "classification" and getattr(config, name) != off:
            raise UserInputError(
                f"training.{name} is for classifiers, and the rows are of the task {task} (data.task): set it to "
                f"{off or 'null'}"
            )
    if kinds[-1] == "reward":
        raise UserInputError("training.stages ends with reward, which trains no policy: let rloo or grpo follow it")
