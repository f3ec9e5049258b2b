"""A picture of shares with their intervals, one below the other, for several measures of language models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tasks.evaluate.plots import BLUE, GREY, save, shortened, tidy
from tasks.records import Measurement


def plot_shares(shares: Mapping[str, Measurement], title: str, of_what: str, path: Path) -> None:
    """A figure of its own, with the shares in their order; the first, which stands for the whole, in another colour."""
    figure = Figure(figsize=(9, 1.9 + 0.42 * len(shares)), layout="constrained")
    axes = figure.subplots()
    draw_shares(axes, shares, of_what)
    axes.set_title(title)
    save(figure, path)


def draw_shares(axes: Axes, shares: Mapping[str, Measurement], of_what: str) -> None:
    """Bars with whiskers for the intervals, and the numbers behind them."""
    values = np.array([share.value for share in shares.values()])
    low = np.array([share.value if share.low is None else share.low for share in shares.values()])
    high = np.array([share.value if share.high is None else share.high for share in shares.values()])
    places = np.arange(len(shares))
    colours = [BLUE if place == 0 else GREY for place in places]
    axes.barh(places, values, color=colours, alpha=0.75, height=0.62)
    errors = np.stack([values - low, high - values])
    axes.errorbar(values, places, xerr=errors, fmt="none", ecolor="#111827", capsize=4, linewidth=1.3)
    for place, (value, end) in enumerate(zip(values, high, strict=True)):
        axes.annotate(f" {value:.1%}", (end, place), va="center", fontsize=9)
    axes.set_yticks(places, [shortened(name) for name in shares], parse_math=False)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1.12), xlabel=of_what)
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    tidy(axes)
