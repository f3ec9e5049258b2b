"""The LM Evaluation Harness at work: tasks and a loaded model in, a score for each question out.

Gao et al., "The language model evaluation harness" (github.com/EleutherAI/lm-evaluation-harness). It is an extra.
"""

from __future__ import annotations

import contextlib
import copy
import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tasks.errors import UserInputError

COLUMNS = ("task", "metric", "question", "score")


def scores_of(
    network: Any,
    tokenizer: Any,
    tasks: list[dict[str, Any]],
    *,
    rows: int | None,
    shots: int | None,
    batch_size: int,
    seed: int,
) -> pd.DataFrame:
    """A row a question and metric, with COLUMNS; a metric under a filter bears the filter's name behind its own.

    Scores that are no number from 0 to 1 are left out. Raises UserInputError where the harness is not installed, does
    not know a metric, or cannot run a task.
    """
    from datasets.exceptions import DatasetsError
    from jinja2 import TemplateError

    harness = _harness()
    _refuse_strange_metrics(tasks, harness.metrics)
    faults = (ValueError, KeyError, TypeError, AssertionError, ImportError, OSError, LookupError)
    try:
        samples = _run(harness, (network, tokenizer), tasks, rows, shots, batch_size, seed)
    except (*faults, DatasetsError, TemplateError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
        names = ", ".join(task["task"] for task in tasks)
        raise UserInputError(
            f"the LM Evaluation Harness cannot run {names} ({type(error).__name__}: {reason}); mend the task files of "
            "evaluation.lm_tasks.paths, or their data"
        ) from error
    return pd.DataFrame(_rows(samples), columns=list(COLUMNS))


def _run(
    harness: _Harness,
    model: tuple[Any, Any],
    tasks: list[dict[str, Any]],
    rows: int | None,
    shots: int | None,
    batch_size: int,
    seed: int,
) -> dict[str, list[dict[str, Any]]]:
    """What the harness notes of each question, by task; `model` is the network and its tokenizer."""
    import torch

    network, tokenizer = model
    with _quiet(), torch.random.fork_rng():
        torch.manual_seed(seed)
        wrapped = harness.wrap(pretrained=network, tokenizer=copy.deepcopy(tokenizer), batch_size=batch_size)
        loaded = harness.manager.load(tasks)
        for task in loaded["tasks"].values():
            if shots is not None or task.get_config("num_fewshot") is None:
                task.set_config(key="num_fewshot", value=shots or 0)
            task.set_fewshot_seed(seed=seed)
        found = harness.evaluate(
            lm=wrapped,
            task_dict=loaded,
            limit=rows,
            apply_chat_template=bool(tokenizer.chat_template),
            bootstrap_iters=0,
            log_samples=True,
        )
    samples: dict[str, list[dict[str, Any]]] = found["samples"]
    return samples


def _refuse_strange_metrics(tasks: list[dict[str, Any]], known: frozenset[str]) -> None:
    for task in tasks:
        strange = [each["metric"] for each in task["metric_list"] if each["metric"] not in known]
        if strange:
            raise UserInputError(
                f"the task {task['task']} asks for the metric {strange[0]}, which the harness does not have; allowed "
                f"are {', '.join(sorted(known))}"
            )


def _rows(samples: dict[str, list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    for task, questions in sorted(samples.items()):
        for question in questions:
            filtered = "" if question["filter"] == "none" else f".{question['filter']}"
            for metric in question["metrics"]:
                score = question[metric]
                if isinstance(score, int | float) and 0 <= score <= 1:
                    named = {"task": task, "metric": f"{metric}{filtered}", "question": int(question["doc_id"])}
                    yield {**named, "score": float(score)}


@dataclass(frozen=True)
class _Harness:
    evaluate: Any
    wrap: Any
    """Makes a model of ours one of the harness's."""
    manager: Any
    """Loads tasks, and knows none of the harness's own."""
    metrics: frozenset[str]


def _harness() -> _Harness:
    try:
        from lm_eval.api import metrics  # noqa: F401  (fills the registry)
        from lm_eval.api.registry import metric_registry
        from lm_eval.evaluator import evaluate
        from lm_eval.models.huggingface import HFLM
        from lm_eval.tasks import TaskManager
    except ImportError as error:
        raise UserInputError(
            f"evaluation.lm_tasks needs the LM Evaluation Harness, which is not installed ({error.name}): run "
            '`pip install "lm-eval>=0.4.13" -c requirements.lock`, or set evaluation.lm_tasks to null'
        ) from None
    return _Harness(evaluate, HFLM, TaskManager(include_defaults=False), frozenset(metric_registry.keys()))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The harness's progress bars and warnings stay off the console."""
    logger = logging.getLogger("lm_eval")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)
