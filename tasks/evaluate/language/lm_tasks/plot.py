"""The picture of the harness's tasks: each task's mean score with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tasks.evaluate.language.lm_tasks.measure import PREFIX
from tasks.evaluate.language.share_bars import plot_shares
from tasks.records import Measurement


def plot_lm_tasks(table: pd.DataFrame, metrics: Mapping[str, Measurement], path: Path) -> None:
    """One bar a task and metric."""
    counts = (table["task"] + "." + table["metric"]).value_counts().sort_index()
    shares = {f"{name} ({count:,} questions)": metrics[f"{PREFIX}{name}"] for name, count in counts.items()}
    plot_shares(shares, "Tasks of the LM Evaluation Harness", "Mean score, with interval", path)
