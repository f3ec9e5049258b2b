"""The pictures of side effects: how sure answers to texts that are no task are, and slices that got worse or better."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tasks.evaluate.classifier.side_effects.compare import ALL_ROWS, BETTER, WORSE
from tasks.evaluate.plots import BLUE, GREY, ORANGE, RED, save, shortened, tidy
from tasks.records import Measurement

MOST_SLICES = 30
"""Slices that are drawn, worst first."""
LONGEST_NAME = 45


def plot_side_effects(table: pd.DataFrame, metrics: Mapping[str, Measurement], path: Path) -> None:
    """Draw the table of `measure_side_effects`: a dot a text, by kind; those it is too sure of in red."""
    kinds = [str(kind) for kind in table["kind"].unique()]
    figure = Figure(figsize=(8.5, 1.8 + 0.75 * len(kinds)), layout="constrained")
    axes = figure.subplots()
    for place, kind in enumerate(kinds):
        part = table[table["kind"] == kind]
        confidence, sure = part["confidence"].to_numpy(float), part["sure"].to_numpy(bool)
        # Spread evenly over the lane, by place in the list: dots of like confidence do not cover each other.
        height = place + 0.6 * ((np.arange(len(part)) * 0.618034) % 1 - 0.5)
        axes.scatter(confidence[~sure], height[~sure], s=22, color=BLUE, alpha=0.7)
        axes.scatter(confidence[sure], height[sure], s=22, color=RED, alpha=0.8)
    axes.set_yticks(range(len(kinds)), [f"{kind} ({(table['kind'] == kind).sum()})" for kind in kinds])
    axes.set_ylim(len(kinds) - 0.5, -0.5)
    axes.set_xlim(0, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.set_xlabel("Confidence in the label that was answered; red: too sure")
    share = metrics["confident_off_task"]
    axes.set_title(f"Texts that are no task: sure of {share.value:.1%} of {len(table)}")
    tidy(axes)
    save(figure, path)


def plot_slices(table: pd.DataFrame, path: Path) -> None:
    """Draw the table of `side_effects`: the difference in accuracy of each slice with its interval, worst first."""
    whole = table[table["slice"] == ALL_ROWS]
    slices = table[table["slice"] != ALL_ROWS][:MOST_SLICES]
    shown = pd.concat([whole, slices])
    figure = Figure(figsize=(9, 1.8 + 0.28 * len(shown)), layout="constrained")
    axes = figure.subplots()
    colours = {WORSE: RED, BETTER: BLUE}
    for place, (_, line) in enumerate(shown.iterrows()):
        colour = ORANGE if line["slice"] == ALL_ROWS else colours.get(str(line["state"]), GREY)
        axes.plot([line["low"], line["high"]], [place, place], color=colour, linewidth=1.6)
        axes.plot([line["difference"]], [place], "o", color=colour, markersize=5)
    axes.axvline(0, color="black", linewidth=0.8)
    names = [f"{shortened(str(line['slice']), LONGEST_NAME)} ({line['rows']:,})" for _, line in shown.iterrows()]
    axes.set_yticks(range(len(shown)), names, fontsize=8, parse_math=False)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.set_xlabel("Accuracy less the other model's\nred: surely worse, blue: surely better")
    worse, left = int((table["state"] == WORSE).sum()), len(table) - len(shown)
    more = f" ({left} more slices in the table)" if left else ""
    axes.set_title(f"Slices that are surely worse: {worse} of {len(table) - 1}{more}")
    tidy(axes)
    save(figure, path)
