"""The picture of what a classifier may remember: accuracy on the holdout's parts beside the validation split's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tasks.evaluate.classifier.memorisation.measure import LEARNED
from tasks.evaluate.plots import BLUE, save, tidy
from tasks.records import Measurement


def plot_memorisation(table: pd.DataFrame, metrics: Mapping[str, Measurement], path: Path) -> None:
    """Draw the table of `measure_memorisation`: a dot a part, with its interval."""
    figure = Figure(figsize=(6.5, 1.4 + 0.6 * len(table)), layout="constrained")
    axes, places = figure.subplots(), np.arange(len(table))
    errors = [table["accuracy"] - table["low"], table["high"] - table["accuracy"]]
    axes.errorbar(table["accuracy"], places, xerr=errors, fmt="o", color=BLUE, capsize=5)
    axes.set_yticks(
        places, [f"{part} ({rows:,} rows)" for part, rows in zip(table["part"], table["rows"], strict=True)]
    )
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1))
    axes.set_xlabel("Accuracy")
    axes.set_title(f"{metrics[LEARNED].value:,.0f} rows of the holdout stand in the training split")
    tidy(axes)
    save(figure, path)
