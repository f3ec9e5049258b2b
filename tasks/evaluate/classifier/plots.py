"""The pictures of every classifier: confusion matrix, reliability diagram, accuracy against coverage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tasks.evaluate.classifier.answers import Answers
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.plots import BLUE, GREY, ends_of, save, shortened, tidy, with_interval
from tasks.metrics.calibration import Floats, reliability_table
from tasks.metrics.classification import confusion_matrix
from tasks.metrics.intervals import share_interval
from tasks.metrics.selective import coverage_curve
from tasks.records import Measurement

MOST_NUMBERED_LABELS = 24
"""With more labels than this the confusion matrix has no room for numbers."""
FEWEST_ANSWERED = 10
"""With fewer rows than this the curve of accuracy against coverage would only show luck."""
CURVE_POINTS = 60
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
    names = [shortened(name) for name in answers.names]
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
        panels[0, column].set_title(f"{title}\nECE {with_interval(measured, 3)}")
    panels[0, 0].set_ylabel("Accuracy")
    panels[1, 0].set_ylabel("Rows")
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2, frameon=False, markerscale=0.5)
    save(figure, path)


def plot_coverage(answers: Answers, confidence: float, path: Path) -> None:
    """Accuracy, with its exact interval, of the share of rows that the model is surest of."""
    curve = coverage_curve(answers.confidence, answers.correct)
    shown = np.flatnonzero(curve.accepted >= min(FEWEST_ANSWERED, curve.accepted[-1]))
    chosen = shown[np.unique(np.linspace(0, len(shown) - 1, CURVE_POINTS).round().astype(int))]
    ends = [share_interval(int(curve.right[i]), int(curve.accepted[i]), confidence) for i in chosen]
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots()
    lows, highs = zip(*((end.low or 0.0, 1.0 if end.high is None else end.high) for end in ends), strict=True)
    axes.fill_between(curve.coverage[chosen], lows, highs, color=BLUE, alpha=0.15, linewidth=0)
    axes.plot(curve.coverage[chosen], curve.accuracy[chosen], color=BLUE, linewidth=1.8)
    axes.axhline(curve.accuracy[-1], color=GREY, linestyle="--", linewidth=1.2, label="all rows")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.set_title("Accuracy of the surest answers; the others would go to a person")
    axes.set(xlabel="Share of the rows that is answered", ylabel="Accuracy of those", xlim=(0, 1.01))
    axes.legend(frameon=False)
    tidy(axes)
    save(figure, path)


def _reliability_panel(upper: Axes, lower: Axes, answers: Answers, stated: Floats, bins: int, level: float) -> None:
    table = reliability_table(stated, answers.correct, bins)
    filled = np.flatnonzero(table.rows)
    shares = [share_interval(round(table.accuracy[i] * table.rows[i]), int(table.rows[i]), level) for i in filled]
    low, high = np.array([ends_of(share) for share in shares]).T
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
