"""The picture of a prediction's energy: every round of each model, and its mean with the interval."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tasks.evaluate.plots import BLUE, ORANGE, save, tidy
from tasks.records import Measurement

FIGURES = {"candidate": ("joules_per_1000", BLUE), "champion": ("joules_per_1000_champion", ORANGE)}


def plot_energy(table: pd.DataFrame, metrics: dict[str, Measurement], path: Path) -> None:
    """Joules of a thousand predictions by round; the title says whether they were measured or modelled."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    for name, rows in table.groupby("model", sort=False):
        figure_name, colour = FIGURES[str(name)]
        measured = metrics[figure_name]
        label = f"{name}: {measured.value:.1f} J [{measured.low:.1f}, {measured.high:.1f}]"
        axes.plot(rows["round"], rows["joules_per_1000"], color=colour, marker="o", linewidth=1, label=label)
        axes.axhspan(measured.low or 0.0, measured.high or 0.0, color=colour, alpha=0.12, linewidth=0)
    axes.set_xticks(np.arange(1, int(table["round"].max()) + 1))
    axes.set(xlabel="Round", ylabel="Joules of 1,000 predictions", ylim=(0, None))
    ratio = metrics.get("energy_ratio")
    beside = f"; {ratio.value:.2f} times the champion's" if ratio else ""
    how = "modelled from processor time" if metrics["energy_is_modelled"].value else "measured"
    axes.set_title(f"Energy of predictions, {how}{beside}")
    axes.legend(frameon=False)
    tidy(axes)
    save(figure, path)
