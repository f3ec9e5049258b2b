"""How a language model does on tasks of the LM Evaluation Harness that lie here as files."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from tasks.errors import UserInputError
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.language.lm_tasks.config import LmTasksConfig
from tasks.evaluate.language.lm_tasks.harness import scores_of
from tasks.evaluate.language.lm_tasks.task_files import SETTING, read_task
from tasks.evaluate.language.subject import LanguageSubject
from tasks.evaluate.room import Found
from tasks.metrics.mean_intervals import mean_interval

PREFIX = "lm_tasks."


def measure_lm_tasks(subject: LanguageSubject, config: LmTasksConfig, evaluation: EvaluationConfig) -> Found:
    """`lm_tasks.<task>.<metric>`, the mean score of a task's questions (0 to 1), and a row a question and metric.

    Raises UserInputError where the harness is not installed, or a file is no task that it can run.
    """
    with tempfile.TemporaryDirectory() as cache:
        tasks = [read_task(Path(path).expanduser(), Path(cache)) for path in config.paths]
        names = [task["task"] for task in tasks]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UserInputError(f"two files of {SETTING} are called {twice[0]} (`task`): name each once")
        table = scores_of(
            subject.model.network,
            subject.model.tokenizer,
            tasks,
            rows=config.rows,
            shots=config.shots,
            batch_size=config.batch_size,
            seed=evaluation.seed,
        )
    metrics = {
        f"{PREFIX}{task}.{metric}": mean_interval(
            part["score"].to_numpy(dtype=np.float64),
            least=0.0,
            most=1.0,
            samples=evaluation.bootstrap_samples,
            confidence=evaluation.confidence,
            seed=evaluation.seed,
        )
        for (task, metric), part in table.groupby(["task", "metric"], sort=True)
    }
    silent = sorted(set(names) - set(table["task"]))
    why = f"the task {', '.join(silent)} gave no score from 0 to 1 a question: name such a metric in its metric_list"
    return Found(metrics, table, missing=why if silent else "")
