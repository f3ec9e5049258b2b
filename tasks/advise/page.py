"""What people look at: the advice on one page, and the learning curve as a plot."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tasks.advise.learning_curve import LearningCurve
from tasks.records import Measurement

BLUE, ORANGE = "#3b6fb6", "#e08a2e"


def advice_page(sentence: str, curve: LearningCurve | None) -> str:
    """The advice in Markdown."""
    lines = ["# Are these rows enough?", "", sentence]
    if curve is not None:
        lines += ["", "![learning curve](learning_curve.png)", "", "| Rows | Accuracy of the probe | 95 % interval | |"]
        lines.append("|--:|--:|---|---|")
        lines += [_line(size, value, "measured") for size, value in zip(curve.sizes, curve.measured, strict=True)]
        lines += [_line(times * curve.rows, value, "expected") for times, value in curve.expected.items()]
        a, b, c = curve.coefficients
        lines += [
            "",
            f"Expected by error(n) = {a:.3f} + {b:.3f} n^-{c:.3f}, fitted to the measured sizes. The probe is a linear "
            "classifier on frozen embeddings: a fine-tuned model does better, and gains from more rows in like manner.",
        ]
    return "\n".join(lines) + "\n"


def draw_curve(curve: LearningCurve, path: Path) -> None:
    """Write the measured and the expected accuracy over the number of rows as a PNG."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, NullFormatter, PercentFormatter

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    rows = np.geomspace(min(curve.sizes), max(curve.expected) * curve.rows, 100)
    axes.plot(rows, [curve.accuracy_at(n) for n in rows], color=BLUE, linewidth=1.5, label="fitted curve")
    for sizes, values, colour, label in (
        (curve.sizes, curve.measured, BLUE, "measured"),
        ([times * curve.rows for times in curve.expected], curve.expected.values(), ORANGE, "expected"),
    ):
        heights = [value.value for value in values]
        spans = [
            (value.value - (value.low or value.value), (value.high or value.value) - value.value) for value in values
        ]
        errors = np.clip(np.array(spans).T, 0, None)
        axes.errorbar(sizes, heights, yerr=errors, fmt="o", color=colour, capsize=3, label=f"{label}, 95 % interval")
    axes.axvline(curve.rows, color="#6b7280", linestyle=":", linewidth=1, label=f"rows there are: {curve.rows:,}")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set(xlabel="training rows", ylabel="accuracy of the probe", title="What more rows would bring")
    axes.grid(color="#e5e7eb", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, loc="lower right")
    figure.savefig(path, dpi=110, metadata={"Software": None})


def _line(rows: int, value: Measurement, kind: str) -> str:
    interval = f"{value.low:.1%} to {value.high:.1%}" if value.low is not None and value.high is not None else ""
    return f"| {rows:,} | {value.value:.1%} | {interval} | {kind} |"
