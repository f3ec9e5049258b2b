"""The picture of people with the model's help and without: each person's error rate both ways, and those of all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tasks.evaluate.plots import BLUE, GREY, ORANGE, save, tidy
from tasks.records import Measurement

WAYS = (("no", "error_rate_without_help", "without help"), ("yes", "error_rate_with_help", "with help"))


def plot_people(table: pd.DataFrame, metrics: Mapping[str, Measurement], path: Path) -> None:
    """Draw the table of `measure_people`: a line a person from the error rate without help to that with help."""
    figure = Figure(figsize=(6.5, 5), layout="constrained")
    axes = figure.subplots()
    rates = (table["wrong"] / table["answers"]).groupby([table["person"], table["help"]]).first().unstack("help")
    rates = rates.reindex(columns=["no", "yes"])
    for _, rate in rates.iterrows():
        axes.plot([0, 1], [rate["no"], rate["yes"]], color=GREY, alpha=0.45, marker="o", markersize=4, linewidth=1)
    for place, (_, name, _) in enumerate(WAYS):
        measured = metrics[name]
        low, high = (measured.value if end is None else end for end in (measured.low, measured.high))
        errors = [[measured.value - low], [high - measured.value]]
        colour = (ORANGE, BLUE)[place]
        axes.errorbar([place], [measured.value], yerr=errors, fmt="D", color=colour, markersize=9, capsize=5, zorder=3)
        axes.annotate(f"{measured.value:.1%}", (place, measured.value), xytext=(12, 4), textcoords="offset points")
    axes.set_xticks([0, 1], [label for _, _, label in WAYS])
    axes.set_xlim(-0.3, 1.4)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.set_ylabel("Share of wrong answers")
    axes.set_title(_title(metrics))
    axes.set_xlabel(f"A line a person ({len(rates)}); diamonds: all of them, with the interval")
    tidy(axes)
    save(figure, path)


def _title(metrics: Mapping[str, Measurement]) -> str:
    named = {"human_error_reduction": "Human error reduction", "autonomy_dependency": "autonomy dependency"}
    return ", ".join(
        f"{words} {metrics[name].value:.2f}" if name in metrics else f"{words}: not known"
        for name, words in named.items()
    )
