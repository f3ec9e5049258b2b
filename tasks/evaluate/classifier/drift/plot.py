"""The picture of quality under drift: a panel a shift, its curve with the interval, and the strength judged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tasks.evaluate.classifier.drift.measure import METRICS
from tasks.evaluate.classifier.drift.over_time import NO_DATES
from tasks.evaluate.plots import BLUE, GREY, ORANGE, save, tidy
from tasks.records import Measurement

TITLES = {
    "prior_shift": "Labels in other shares, reached in most mixtures",
    "worst_prior": "Labels in the worst shares within a divergence",
    "new_words": "Words that training never had",
    "style_shift": "Another style of writing",
    "over_time": "As it was: the oldest rows to the newest",
}


def plot_drift(table: pd.DataFrame, metrics: Mapping[str, Measurement], path: Path) -> None:
    """Draw the table of `measure_drift`, with the metric of each shift where it is judged."""
    shifts = [str(name) for name in table["shift"].unique()]
    rows = -(-len(shifts) // 2)
    figure = Figure(figsize=(10, 0.9 + 3.2 * rows), layout="constrained")
    panels = figure.subplots(rows, 2, sharey=True, squeeze=False).ravel()
    for panel, name in zip(panels, shifts, strict=False):
        draw = _over_time if name == "over_time" else _curve
        draw(panel, table[table["shift"] == name], metrics[METRICS[name]].value)
        panel.set_title(TITLES[name], fontsize=11)
    for panel in panels[len(shifts) :]:
        panel.set_visible(False)
    for panel in panels[::2]:
        panel.set_ylabel("Accuracy")
        panel.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    lost = metrics["accuracy_lost_to_drift"]
    figure.suptitle(f"Largest loss to drift: {100 * lost.value:.1f} points [{_points(lost.low)}, {_points(lost.high)}]")
    handles, names = panels[0].get_legend_handles_labels()
    note = None if "over_time" in shifts else NO_DATES
    figure.legend(handles, names, loc="outside lower center", ncols=4, frameon=False, title=note, title_fontsize=9)
    save(figure, path)


def _curve(axes: Axes, curve: pd.DataFrame, judged: float) -> None:
    _line(axes, curve)
    axes.axhline(curve["accuracy"].iloc[0], color=GREY, linestyle="--", linewidth=1.2, label="same rows as they are")
    (at,) = curve.loc[curve["judged"], "strength"]
    axes.plot(at, judged, "D", color=ORANGE, markersize=8, zorder=3, label="judged")
    _value(axes, at, judged)
    axes.set_xlabel("Strength of the shift")


def _over_time(axes: Axes, curve: pd.DataFrame, judged: float) -> None:
    """The parts in the order of their dates; the judged newer half beside the older one."""
    _line(axes, curve)
    older = curve[~curve["judged"]]
    axes.hlines(float(np.average(older["accuracy"], weights=older["rows"])), 0, 0.5, color=GREY, linestyle="--")
    axes.hlines(judged, 0.5, 1, color=ORANGE, linewidth=1.8)
    _value(axes, 0.75, judged)
    axes.set_xticks([0, 1], [str(curve["oldest"].iloc[0])[:10], str(curve["newest"].iloc[-1])[:10]])
    axes.set_xlabel("Rows in the order of their dates")


def _line(axes: Axes, curve: pd.DataFrame) -> None:
    strength, accuracy, low, high = (curve[name].to_numpy(float) for name in ("strength", "accuracy", "low", "high"))
    axes.fill_between(strength, low, high, color=BLUE, alpha=0.18, linewidth=0, label="interval")
    axes.plot(strength, accuracy, color=BLUE, marker="o", markersize=4, label="under shift")
    axes.set_xlim(-0.03, 1.03)
    tidy(axes)


def _value(axes: Axes, at: float, judged: float) -> None:
    axes.annotate(f"{judged:.1%}", (at, judged), xytext=(6, 8), textcoords="offset points", fontsize=9)


def _points(end: float | None) -> str:
    return "…" if end is None else f"{100 * end:.1f}"
