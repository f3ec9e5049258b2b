"""The hand that all pictures of an evaluation are drawn in, and the two that every kind of model has."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, PercentFormatter, StrMethodFormatter

from tasks.metrics.calibration import Floats
from tasks.records import Measurement

BLUE, ORANGE, RED, GREY = "#3b6fb6", "#e08a2e", "#c0392b", "#6b7280"
LONGEST_NAME = 40
"""Longer labels and groups are cut."""
DOTS_PER_INCH = 130


def plot_groups(overall: Measurement, groups: dict[str, Measurement], path: Path, quality: str = "Accuracy") -> None:
    """The quality of each group, from 0 to 1, with its interval, beside that over all rows."""
    figure = Figure(figsize=(8, 1.6 + 0.45 * len(groups)), layout="constrained")
    axes = figure.subplots()
    places, measured = np.arange(len(groups)), list(groups.values())
    lows, highs = zip(*(ends_of(value) for value in measured), strict=True)
    values = np.array([value.value for value in measured])
    errors = np.stack([values - np.array(lows), np.array(highs) - values])
    axes.barh(places, values, height=0.6, color=BLUE, alpha=0.85)
    axes.errorbar(values, places, xerr=errors, fmt="none", ecolor="black", capsize=4, linewidth=1.2)
    axes.axvline(overall.value, color=ORANGE, linewidth=1.5, label=f"all rows: {overall.value:.1%}")
    left = max(0.0, min(lows) - 0.1)
    inside = axes.get_yaxis_transform()
    for place, value in enumerate(values):
        axes.text(0.012, place, f"{value:.1%}", transform=inside, va="center", color="white", fontsize=9)
    axes.set_xlim(left, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1))
    axes.set_yticks(places, [shortened(name) for name in groups], parse_math=False)
    axes.invert_yaxis()
    axes.set_title(f"{quality} by group, with intervals")
    axes.set_xlabel(quality if left == 0 else f"{quality} (axis starts at {left:.0%})")
    figure.legend(loc="outside lower right", frameon=False)
    tidy(axes)
    save(figure, path)


def plot_latency(
    milliseconds: Floats,
    median: Measurement,
    tail: tuple[str, Measurement],
    path: Path,
    what: str = "single-row requests to the exported model",
    ends_with: str = "probabilities",
) -> None:
    """How long single requests took, with the median and a named percentile of the slow ones, and their intervals."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    # On a plain scale a single slow request would squeeze all the others into one bar.
    edges = np.geomspace(milliseconds.min() * 0.98, milliseconds.max() * 1.02, 50)
    axes.hist(milliseconds, bins=edges.tolist(), color=BLUE, alpha=0.85)
    for name, measured, colour in (("p50", median, GREY), (*tail, RED)):
        axes.axvspan(*ends_of(measured), color=colour, alpha=0.15, linewidth=0)
        label = f"{name}: {with_interval(measured, 1)} ms"
        axes.axvline(measured.value, color=colour, linewidth=1.8, label=label)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title(f"Latency of {len(milliseconds):,} {what}")
    axes.set_xlabel(f"Milliseconds from text to {ends_with}, on a logarithmic scale")
    axes.set_ylabel("Requests")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    tidy(axes)
    save(figure, path)


def shortened(name: str, longest: int = LONGEST_NAME) -> str:
    """The name of a label or a group, cut so that it leaves room for the picture beside it."""
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def ends_of(measured: Measurement) -> tuple[float, float]:
    """The ends of the interval; the value itself stands for one that could not be given."""
    low = measured.value if measured.low is None else measured.low
    return low, measured.value if measured.high is None else measured.high


def with_interval(measured: Measurement, digits: int) -> str:
    """The value and the ends of its interval, as a picture says them."""
    ends = ("…" if end is None else f"{end:.{digits}f}" for end in (measured.low, measured.high))
    return f"{measured.value:.{digits}f} [{', '.join(ends)}]"


def tidy(axes: Axes) -> None:
    """A light grid, and no frame above and on the right."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="both", color="#e5e7eb", linewidth=0.6)
    axes.set_axisbelow(True)


def save(figure: Figure, path: Path) -> None:
    """Write a PNG with no name of the software in it, so that the same figure is the same bytes."""
    with warnings.catch_warnings():
        # The font has no Chinese, Arabic or emoji; such a label is drawn as boxes, and the tables beside have it whole.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(path, dpi=DOTS_PER_INCH, metadata={"Software": None})
