"""The picture of robustness: attack success against strength, and the attacks beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tasks.evaluate.plots import BLUE, GREY, ORANGE, RED, save, tidy
from tasks.records import Measurement

NAMES = {
    "attack_success": "gradient ensemble",
    "attack_success_pgd": "projected gradient descent",
    "attack_success_words": "other words",
    "attack_success_characters": "slips inside words",
    "accuracy_lost_to_typos": "typos nobody meant\n(accuracy lost)",
}
COLOURS = {"attack_success": RED, "attack_success_pgd": RED, "accuracy_lost_to_typos": GREY}


def plot_robustness(table: pd.DataFrame, metrics: Mapping[str, Measurement], path: Path) -> None:
    """Left the ensemble's success by the size of the perturbation, its interval as a band; right a bar an attack.

    The left half is left out where no gradient attack ran.
    """
    strengths = table[table["attack"] == "ensemble"]
    figure = Figure(figsize=(11, 4.6) if len(strengths) else (6.5, 4.6), layout="constrained")
    panels = figure.subplots(1, 2, squeeze=False)[0] if len(strengths) else figure.subplots(1, 1, squeeze=False)[0]
    if len(strengths):
        _curve(panels[0], strengths)
        figure.legend(loc="outside lower left", ncols=2, frameon=False)
    _bars(panels[-1], {name: metrics[name] for name in NAMES if name in metrics})
    save(figure, path)


def _curve(axes: Axes, strengths: pd.DataFrame) -> None:
    sizes = strengths["budget"].astype(float)
    at_budget = strengths[strengths["strength"] == 1].iloc[0]
    band = f"{int(at_budget['rows']):,} rows, with interval"
    axes.fill_between(sizes, strengths["low"], strengths["high"], color=BLUE, alpha=0.18, linewidth=0, label=band)
    axes.plot(sizes, strengths["success"], color=BLUE, marker="o", linewidth=1.6)
    budget = float(at_budget["budget"])
    label = f"stated budget {budget:g}: {at_budget['success']:.1%}"
    axes.axvline(budget, color=ORANGE, linewidth=1.5, label=label)
    axes.set(ylim=(-0.02, 1.02), xlabel="Norm of each token's perturbation,\nrelative to the mean embedding's")
    axes.set_ylabel("Right answers turned wrong")
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.set_title("Gradient attacks by strength")
    tidy(axes)


def _bars(axes: Axes, shown: dict[str, Measurement]) -> None:
    places = np.arange(len(shown))
    values = np.array([measured.value for measured in shown.values()])
    lows = np.array([measured.value if measured.low is None else measured.low for measured in shown.values()])
    highs = np.array([measured.value if measured.high is None else measured.high for measured in shown.values()])
    axes.barh(places, values, height=0.6, color=[COLOURS.get(name, BLUE) for name in shown], alpha=0.85)
    errors = np.stack([values - lows, highs - values])
    axes.errorbar(values, places, xerr=errors, fmt="none", ecolor="black", capsize=4, linewidth=1.2)
    for place, value, high in zip(places, values, highs, strict=True):
        axes.text(high + 0.015, float(place), f"{value:.1%}", va="center", fontsize=9)
    axes.set_yticks(places, [NAMES[name] for name in shown])
    axes.invert_yaxis()
    axes.set_xlim(min(0.0, lows.min(initial=0)), max(0.1, highs.max(initial=0) * 1.2 + 0.03))
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.set(title="Success of each attack", xlabel="Right answers turned wrong")
    tidy(axes)
