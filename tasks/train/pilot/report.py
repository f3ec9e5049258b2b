"""What people look at of a pilot: one page with the figures of the three contestants, and a chart of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tasks.records import Measurement
from tasks.train.pilot.comparison import BASE, PILOT, PROMPTED, Comparison

COLOURS = {BASE: "#9db4c0", PROMPTED: "#e08a2e", PILOT: "#3b6fb6"}


def write_report(folder: Path, comparison: Comparison, ids: list[str], sentence: str, learned: int) -> None:
    """Write `scores.parquet` (a row for each judged row), `report/pilot.md` and `report/pilot.png`."""
    report = folder / "report"
    report.mkdir(parents=True)
    pd.DataFrame({"id": ids, **comparison.by_row}).to_parquet(folder / "scores.parquet", index=False)
    (report / "pilot.md").write_text(_page(comparison, sentence, learned), encoding="utf-8")
    _draw(comparison, report / "pilot.png")


def _page(comparison: Comparison, sentence: str, learned: int) -> str:
    names = comparison.names()
    lines = [
        "# Does fine-tuning help?",
        "",
        sentence,
        "",
        "![the three contestants](pilot.png)",
        "",
        f"| Contestant | {comparison.what().capitalize()} | Interval | The pilot's gain over it | Interval |",
        "|---|--:|---|--:|---|",
    ]
    for name, score in comparison.scores.items():
        gain = comparison.gains.get(name)
        shown = f"{comparison.written(gain.value)} | {_interval(comparison, gain)}" if gain else " | "
        row = f"{comparison.written(score.value)} | {_interval(comparison, score)}"
        lines.append(f"| {names[name]} | {row} | {shown} |")
    lines += [
        "",
        f"The pilot was trained on {learned} rows of the train split, in the way that the section `training` says, and "
        f"all three were judged on the same {len(comparison.by_row[PILOT])} rows of the validation split. Gains are "
        "paired: row by row. Fine-tuning helps where the whole interval of the gain over the base lies above 0, and "
        f"that over {names[PROMPTED]} not wholly below.",
    ]
    return "\n".join(lines) + "\n"


def _interval(comparison: Comparison, measured: Measurement) -> str:
    if measured.low is None or measured.high is None:
        return ""
    return f"{comparison.written(measured.low)} to {comparison.written(measured.high)}"


def _draw(comparison: Comparison, path: Path) -> None:
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    figure = Figure(figsize=(7.5, 2.6), dpi=120, layout="constrained")
    axes = figure.subplots()
    names = comparison.names()
    for place, (name, score) in enumerate(reversed(comparison.scores.items())):
        spread = [[score.value - (score.low or score.value)], [(score.high or score.value) - score.value]]
        axes.errorbar(score.value, place, xerr=spread, fmt="o", color=COLOURS[name], capsize=4, markersize=8, lw=2)
    axes.set_yticks(range(len(names)), [names[name] for name in reversed(comparison.scores)])
    axes.set_ylim(-0.6, len(names) - 0.4)
    if comparison.measure == "right":
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set(xlabel=comparison.what(), title="Does fine-tuning help?")
    axes.grid(axis="x", color="#e5e7eb", lw=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Software": None})
