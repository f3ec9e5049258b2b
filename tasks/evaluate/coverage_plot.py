"""The picture of what confidence is good for: accuracy of the surest answers by how many of them are taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tasks.evaluate.answers import Answers
from tasks.evaluate.plots import BLUE, GREY, save, tidy
from tasks.metrics.intervals import share_interval
from tasks.metrics.selective import coverage_curve

FEWEST = 10
"""With fewer rows than this the curve would only show luck."""
POINTS = 60


def plot_coverage(answers: Answers, confidence: float, path: Path) -> None:
    """Accuracy, with its exact interval, of the share of rows that the model is surest of."""
    curve = coverage_curve(answers.confidence, answers.correct)
    shown = np.flatnonzero(curve.accepted >= min(FEWEST, curve.accepted[-1]))
    chosen = shown[np.unique(np.linspace(0, len(shown) - 1, POINTS).round().astype(int))]
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
