"""The picture of a model's two forms: recall of the labels that differ most, in the trained form and the served one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tasks.evaluate.plots import BLUE, GREY, ORANGE, save, tidy
from tasks.records import Measurement

MOST_LABELS = 15


def plot_parity(table: pd.DataFrame, metrics: dict[str, Measurement], path: Path) -> None:
    """A line a label from its recall in the trained form to that in the served one, those that lost most first."""
    changed = (table["recall_served"] - table["recall_trained"]).abs()
    shown = table.assign(changed=changed).sort_values("changed", ascending=False, kind="stable").head(MOST_LABELS)
    places = np.arange(len(shown))
    figure = Figure(figsize=(8, 1.8 + 0.32 * len(shown)), layout="constrained")
    axes = figure.subplots()
    axes.hlines(places, shown["recall_trained"], shown["recall_served"], color=GREY, linewidth=1.5)
    axes.scatter(shown["recall_trained"], places, s=70, color=BLUE, label="trained network", zorder=3)
    axes.scatter(shown["recall_served"], places, s=24, color=ORANGE, label="served form", zorder=4)
    axes.set_yticks(places, shown["label"].tolist(), parse_math=False)
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.set(xlabel="Recall", xlim=(min(0.8, shown[["recall_trained", "recall_served"]].to_numpy().min()) - 0.02, 1.02))
    agreement = metrics["parity_agreement"].value
    some = f"the {MOST_LABELS} labels that differ most" if len(table) > MOST_LABELS else "every label"
    axes.set_title(f"Both forms agree on {agreement:.2%} of the rows; recall of {some}")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    tidy(axes)
    save(figure, path)
