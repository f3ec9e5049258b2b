"""The picture of the served form under load: time against length, and time and answers a second against callers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tasks.evaluate.plots import BLUE, GREY, ORANGE, save, tidy
from tasks.records import Measurement


def plot_load(table: pd.DataFrame, metrics: dict[str, Measurement], path: Path) -> None:
    """Left the median and 95th percentile by length of text, right by callers, with the answers a second above."""
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes, condition, name in ((left, "tokens", "Tokens of a text"), (right, "callers", "Callers at once")):
        rows = table[table["condition"] == condition]
        _percentiles(axes, rows)
        axes.set_xticks(np.arange(len(rows)), [str(setting) for setting in rows["setting"]])
        axes.set(xlabel=name, ylabel="Milliseconds a request", ylim=(0, None))
        axes.margins(x=0.2)
        tidy(axes)
    for place, (_, row) in enumerate(table[table["condition"] == "callers"].iterrows()):
        note = f"{row['per_second']:,.0f}/s"
        right.annotate(note, (place, row["p95"]), (0, 12), textcoords="offset points", ha="center", color=GREY)
    cold = metrics["cold_start_milliseconds"]
    left.set_title("One caller, by length")
    right.set_title("Rows of the holdout, by callers")
    figure.suptitle(f"The served form under load; from cold, first answer included: {cold.value:,.0f} ms")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    save(figure, path)


def _percentiles(axes: Axes, rows: pd.DataFrame) -> None:
    places = np.arange(len(rows))
    for name, colour, label in (("p50", BLUE, "median"), ("p95", ORANGE, "95th percentile")):
        values = rows[name].to_numpy()
        errors = np.stack([values - rows[f"{name}_low"], rows[f"{name}_high"] - values])
        axes.errorbar(places, values, yerr=np.nan_to_num(errors), color=colour, marker="o", capsize=4, label=label)
