"""The picture of a model's forms: how often each says what the reference says, and which labels it gives less often."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tasks.evaluate.plots import BLUE, GREY, ORANGE, RED, save, shortened, tidy
from tasks.records import Measurement

MOST_LABELS, FEWEST_LABELS = 15, 3
LONGEST_NAME = 32
COLOURS = (BLUE, ORANGE, RED, GREY)
AGREEMENT = "parity_agreement."


def plot_parity(table: pd.DataFrame, metrics: dict[str, Measurement], path: Path) -> None:
    """Two panels: each form's agreement with its interval; and of the labels that are missed most, the share kept."""
    forms = [name.removeprefix(AGREEMENT) for name in metrics if name.startswith(AGREEMENT)]
    given = table[table["given"] > 0].assign(share=lambda rows: rows["kept"] / rows["given"])
    kept = given.groupby("label")["share"].min().sort_values(kind="stable")
    missed = int((kept < 1).sum())
    order = kept.index[: min(MOST_LABELS, max(missed, FEWEST_LABELS))].tolist()
    figure = Figure(figsize=(8, 2.8 + 0.35 * (len(forms) + len(order))), layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=(len(forms) + 1, len(order) + 1))
    draw_agreement(upper, forms, metrics)
    for number, form in enumerate(forms):
        shares = given[given["form"] == form].set_index("label")["share"].reindex(order)
        size, colour = 90 - 60 * number / max(1, len(forms) - 1), COLOURS[number % 4]
        lower.scatter(shares, np.arange(len(order)), s=size, color=colour, label=form, zorder=3)
    lower.set_yticks(np.arange(len(order)), [shortened(label, LONGEST_NAME) for label in order], parse_math=False)
    lower.set_ylim(len(order) - 0.5, -0.5)
    lower.set(xlabel="Rows that a form labels like the reference", xlim=(min(0.9, kept.min()) - 0.03, 1.01))
    lower.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    lost = f"{metrics['parity_labels_lost'].value:.0f} lost altogether"
    lower.set_title(f"{missed} of {len(kept)} labels are given less often, {lost}", loc="right")
    tidy(lower)
    figure.legend(*lower.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    save(figure, path)


def draw_agreement(axes: Axes, forms: list[str], metrics: dict[str, Measurement]) -> None:
    """Each form's agreement with the reference, and its interval, a line each."""
    found = [metrics[f"{AGREEMENT}{form}"] for form in forms]
    lows = [one.value if one.low is None else one.low for one in found]
    highs = [one.value if one.high is None else one.high for one in found]
    places = np.arange(len(forms))
    axes.hlines(places, lows, highs, color=GREY, linewidth=2)
    axes.scatter([one.value for one in found], places, s=60, color=[COLOURS[n % 4] for n in places], zorder=3)
    axes.set_yticks(places, forms, parse_math=False)
    axes.set_ylim(len(forms) - 0.5, -0.5)
    axes.set_xlim(min(0.98, *lows) - 0.003, 1.001)
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=1))
    axes.set_title(
        f"Answers like the reference's: {min(one.value for one in found):.2%} by the worst form", loc="right"
    )
    tidy(axes)
