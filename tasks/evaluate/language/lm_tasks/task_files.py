"""Task files of the LM Evaluation Harness, read as plain YAML and checked: local data only, and nothing that runs code.

The harness itself lets a file name Python functions, other files, scripts that load data, and metrics that it fetches.
None of that is taken here. What stays are templates (Jinja), so name only files that you trust.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from tasks.errors import UserInputError

SETTING = "evaluation.lm_tasks.paths"
FORMATS = ("json", "csv", "parquet")
_FIELDS = """
task task_alias tag dataset_path dataset_kwargs training_split validation_split test_split fewshot_split doc_to_text
doc_to_target doc_to_choice description target_delimiter fewshot_delimiter fewshot_config num_fewshot metric_list
output_type generation_kwargs repeats filter_list gen_prefix metadata
"""
ALLOWED = frozenset(_FIELDS.split())
NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,99}")


def read_task(path: Path, cache: Path) -> dict[str, Any]:
    """The task of a file, its data by absolute paths, and what is made of them kept in `cache`.

    Raises UserInputError, naming the file, for what is no such task.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UserInputError(f"the task file {path} ({SETTING}) cannot be read: {reason}") from None
    except yaml.YAMLError as error:
        raise UserInputError(
            f"the task file {path} ({SETTING}) is not plain YAML: {' '.join(str(error).split())}; tags such as "
            "!function, which run Python, are not taken"
        ) from None
    if not isinstance(content, dict):
        raise UserInputError(f"the task file {path} ({SETTING}) must hold a mapping, as the harness's task files do")
    unknown = sorted(str(name) for name in content if name not in ALLOWED)
    if unknown:
        raise UserInputError(
            f"the task file {path} ({SETTING}) sets {unknown[0]}, which is not taken here; allowed are "
            f"{', '.join(sorted(ALLOWED))}"
        )
    if not isinstance(content.get("task"), str) or not NAME.fullmatch(content["task"]):
        raise UserInputError(f"the task file {path} ({SETTING}) needs `task`, a name of letters, figures and _ . -")
    _check_metrics(path, content)
    data = _data_files(path, content)
    return {**content, "dataset_kwargs": {"data_files": data, "cache_dir": str(cache)}}


def data_paths(path: Path) -> list[Path]:
    """The data files that a task file names, as far as it can be read; empty where it cannot."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return []
    kwargs = content.get("dataset_kwargs") if isinstance(content, dict) else None
    named = kwargs.get("data_files") if isinstance(kwargs, dict) else None
    return [path.parent / name for name in _names(named)]


def _data_files(path: Path, content: dict[str, Any]) -> dict[str, list[str]]:
    kwargs = content.get("dataset_kwargs")
    named = kwargs.get("data_files") if isinstance(kwargs, dict) else None
    if content.get("dataset_path") not in FORMATS or not named or set(kwargs or {}) != {"data_files"}:
        raise UserInputError(
            f"the task file {path} ({SETTING}) must name local data: `dataset_path` as one of {', '.join(FORMATS)}, "
            "and `dataset_kwargs: {data_files: {test: questions.json}}`, nothing else; data is not fetched"
        )
    by_split = named if isinstance(named, dict) else {"train": named}
    for name in _names(named):
        if not (path.parent / name).is_file():
            raise UserInputError(
                f"the task file {path} ({SETTING}) names the data file {name}, which is not in {path.parent}: paths "
                "start at the task file"
            )
    return {
        str(split): [str((path.parent / name).resolve()) for name in _names(files)] for split, files in by_split.items()
    }


def _names(named: object) -> list[str]:
    if isinstance(named, dict):
        return [name for files in named.values() for name in _names(files)]
    if isinstance(named, list):
        return [name for each in named for name in _names(each)]
    return [named] if isinstance(named, str) else []


def _check_metrics(path: Path, content: dict[str, Any]) -> None:
    metrics = content.get("metric_list")
    if not isinstance(metrics, list) or not metrics:
        raise UserInputError(f"the task file {path} ({SETTING}) needs `metric_list`, such as [{{metric: acc}}]")
    for metric in metrics:
        if not isinstance(metric, dict) or not isinstance(metric.get("metric"), str) or "hf_evaluate" in metric:
            raise UserInputError(
                f"the task file {path} ({SETTING}) names a metric that is not taken: each is a mapping with `metric`, "
                "a name that the harness knows itself, since nothing is fetched"
            )
