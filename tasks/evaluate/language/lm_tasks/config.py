"""The part `lm_tasks` of the section `evaluation`: tasks of the LM Evaluation Harness for a language model."""

from __future__ import annotations

from pydantic import Field

from tasks.section import Section


class LmTasksConfig(Section):
    """Tasks of EleutherAI's LM Evaluation Harness (lm-eval), from YAML files and data that lie here.

    Nothing is fetched. The harness is an extra: `pip install "lm-eval>=0.4.13" -c requirements.lock`.
    """

    paths: tuple[str, ...] = Field(min_length=1)
    """Task files in the harness's YAML, each with `dataset_path` json, csv or parquet and its own files in
    `dataset_kwargs.data_files`. Relative paths start at the working directory, those inside a file at the file."""
    rows: int | None = Field(default=200, ge=1)
    """The first rows of each task, at most; null is all."""
    shots: int | None = Field(default=None, ge=0)
    """Solved examples before each question, where it is not what the task's file says."""
    batch_size: int = Field(default=8, ge=1)
    """Questions that are answered together."""
