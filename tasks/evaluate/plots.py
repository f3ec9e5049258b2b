"""The pictures of an evaluation: confusion matrix, reliability diagram, accuracy by group, latency histogram."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, PercentFormatter, StrMethodFormatter

from tasks.evaluate.answers import Answers
from tasks.evaluate.config import EvaluationConfig
from tasks.metrics.calibration import Floats, reliability_table
from tasks.metrics.classification import confusion_matrix
from tasks.metrics.intervals import share_interval
from tasks.records import Measurement

BLUE, ORANGE, RED, GREY = "#3b6fb6", "#e08a2e", "#c0392b", "#6b7280"
MOST_NUMBERED_LABELS = 24
"""With more labels than this the confusion matrix has no room for numbers."""
LONGEST_NAME = 40
"""Longer labels and groups are cut."""
DOTS_PER_INCH = 130
_FROM_0_TO_1 = np.linspace(0, 1, 101)


def plot_confusion_matrix(answers: Answers, path: Path) -> None:
    """Share of each true label's rows by predicted label; with few labels the rows are written into the cells."""
    size = len(answers.names)
    counts = confusion_matrix(answers.labels, answers.predicted, size)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    numbered = size <= MOST_NUMBERED_LABELS
    side = 3.2 + size * (0.5 if numbered else 0.17)
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.subplots()
    names = [_short(name) for name in answers.names]
    cells = np.ma.masked_equal(shares, 0)
    image = axes.pcolormesh(
        cells, cmap="Blues", vmin=-0.15, vmax=1, edgecolors="#eef0f3", linewidth=0.6 if numbered else 0.3
    )
    axes.set(aspect="equal", xlim=(0, size), ylim=(size, 0))
    font = 9 if numbered else 6
    axes.set_xticks(np.arange(size) + 0.5, names, rotation=90, fontsize=font, parse_math=False)
    axes.set_yticks(np.arange(size) + 0.5, names, fontsize=font, parse_math=False)
    axes.tick_params(length=0)
    if numbered:
        for row, column in zip(*np.nonzero(counts), strict=True):
            colour = "white" if shares[row, column] > 0.55 else "black"
            axes.text(
                column + 0.5, row + 0.5, str(counts[row, column]), ha="center", va="center", fontsize=8, color=colour
            )
    wrong = int((~answers.correct).sum())
    axes.set_title(f"Confusion matrix: {wrong:,} of {len(answers.labels):,} holdout rows wrong", pad=12)
    axes.set_xlabel("Predicted label")
    axes.set_ylabel("True label")
    bar = figure.colorbar(image, ax=axes, shrink=0.7, label="Share of the true label's rows", boundaries=_FROM_0_TO_1)
    bar.ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    bar.set_ticks([0, 0.25, 0.5, 0.75, 1])
    save(figure, path)


def plot_reliability(
    answers: Answers, config: EvaluationConfig, before: Measurement, after: Measurement, path: Path
) -> None:
    """Accuracy against confidence, before and after temperature scaling, over how many rows have that confidence."""
    figure = Figure(figsize=(10, 6), layout="constrained")
    panels = figure.subplots(2, 2, sharex=True, sharey="row", height_ratios=(3, 1))
    columns = (
        ("Before temperature scaling", answers.confidence_uncalibrated, before),
        ("After temperature scaling", answers.confidence, after),
    )
    for column, (title, stated, measured) in enumerate(columns):
        _reliability_panel(panels[0, column], panels[1, column], answers, stated, config.ece_bins, config.confidence)
        panels[0, column].set_title(f"{title}\nECE {_with_interval(measured, 3)}")
    panels[0, 0].set_ylabel("Accuracy")
    panels[1, 0].set_ylabel("Rows")
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2, frameon=False, markerscale=0.5)
    save(figure, path)


def plot_groups(overall: Measurement, groups: dict[str, Measurement], path: Path, quality: str = "Accuracy") -> None:
    """The quality of each group, from 0 to 1, with its interval, beside that over all rows."""
    figure = Figure(figsize=(8, 1.6 + 0.45 * len(groups)), layout="constrained")
    axes = figure.subplots()
    places, measured = np.arange(len(groups)), list(groups.values())
    lows, highs = zip(*(_ends(value) for value in measured), strict=True)
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
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.set_yticks(places, [_short(name) for name in groups], parse_math=False)
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
        axes.axvspan(*_ends(measured), color=colour, alpha=0.15, linewidth=0)
        label = f"{name}: {_with_interval(measured, 1)} ms"
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


def _reliability_panel(upper: Axes, lower: Axes, answers: Answers, stated: Floats, bins: int, level: float) -> None:
    table = reliability_table(stated, answers.correct, bins)
    filled = np.flatnonzero(table.rows)
    shares = [share_interval(round(table.accuracy[i] * table.rows[i]), int(table.rows[i]), level) for i in filled]
    low, high = np.array([_ends(share) for share in shares]).T
    confidence, accuracy = table.confidence[filled], table.accuracy[filled]
    errors = np.abs(np.stack([accuracy - low, high - accuracy]))
    upper.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1.2, label="as sure as right")
    upper.errorbar(confidence, accuracy, yerr=errors, fmt="none", ecolor=BLUE, alpha=0.45, linewidth=1.4, capsize=3)
    upper.plot(confidence, accuracy, color=BLUE, linewidth=1, alpha=0.6)
    sizes = 25 + 275 * table.rows[filled] / table.rows.max()
    label = f"rows of one bin, larger where more, {level:.0%} interval"
    upper.scatter(confidence, accuracy, s=sizes, color=BLUE, edgecolor="white", zorder=3, label=label)
    upper.set(xlim=(0, 1.02), ylim=(0, 1.05))
    lower.hist(stated, bins=bins, range=(0, 1), color=GREY, edgecolor="white", linewidth=0.8)
    lower.set_xlabel("Confidence in the predicted label")
    for axes in (upper, lower):
        tidy(axes)
    for axis in (upper.yaxis, lower.xaxis):
        axis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _ends(measured: Measurement) -> tuple[float, float]:
    """The ends of the interval; the value itself stands for one that could not be given."""
    low = measured.value if measured.low is None else measured.low
    return low, measured.value if measured.high is None else measured.high


def _with_interval(measured: Measurement, digits: int) -> str:
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
