"""The picture of quality under drift: a panel a shift, its curve with the interval, and the strength judged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tasks.evaluate.drift.measure import LEFT_OUT, METRICS
from tasks.evaluate.plots import BLUE, GREY, ORANGE, save, tidy
from tasks.records import Measurement

TITLES = {
    "prior_shift": "Labels in other shares, reached in most mixtures",
    "worst_prior": "Labels in the worst shares within a divergence",
    "new_words": "Words that training never had",
    "style_shift": "Another style of writing",
}


def plot_drift(table: pd.DataFrame, metrics: Mapping[str, Measurement], path: Path) -> None:
    """Draw the table of `measure_drift`; the strength judged is the one whose accuracy is among the metrics."""
    shifts = [str(name) for name in table["shift"].unique()]
    rows = -(-len(shifts) // 2)
    figure = Figure(figsize=(10, 0.9 + 3.2 * rows), layout="constrained")
    panels = figure.subplots(rows, 2, sharex=True, sharey=True, squeeze=False).ravel()
    for panel, name in zip(panels, shifts, strict=False):
        _curve(panel, table[table["shift"] == name], metrics[METRICS[name]].value)
        panel.set_title(TITLES[name], fontsize=11)
    for panel in panels[len(shifts) :]:
        panel.set_visible(False)
    for panel in panels[::2]:
        panel.set_ylabel("Accuracy")
        panel.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    for panel in panels[-2:]:
        panel.set_xlabel("Strength of the shift")
    lost = metrics["accuracy_lost_to_drift"]
    figure.suptitle(f"Largest loss to drift: {100 * lost.value:.1f} points [{_points(lost.low)}, {_points(lost.high)}]")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4, frameon=False, title=LEFT_OUT, title_fontsize=9)
    save(figure, path)


def _curve(axes: Axes, curve: pd.DataFrame, judged: float) -> None:
    strength, accuracy = curve["strength"].to_numpy(float), curve["accuracy"].to_numpy(float)
    low, high = curve["low"].to_numpy(float), curve["high"].to_numpy(float)
    axes.fill_between(strength, low, high, color=BLUE, alpha=0.18, linewidth=0, label="interval")
    axes.plot(strength, accuracy, color=BLUE, marker="o", markersize=4, label="under shift")
    axes.axhline(accuracy[0], color=GREY, linestyle="--", linewidth=1.2, label="same rows as they are")
    at = strength[accuracy == judged]
    if len(at):
        axes.plot(at[:1], [judged], "D", color=ORANGE, markersize=8, zorder=3, label="judged")
        axes.annotate(f"{judged:.1%}", (at[0], judged), xytext=(6, 8), textcoords="offset points", fontsize=9)
    axes.set_xlim(-0.03, 1.03)
    tidy(axes)


def _points(end: float | None) -> str:
    return "…" if end is None else f"{100 * end:.1f}"
