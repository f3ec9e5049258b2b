"""The picture of a language model's forms: each one's agreement, and how the rows spread over it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tasks.evaluate.parity.plot import AGREEMENT, COLOURS, draw_agreement
from tasks.evaluate.plots import save, tidy
from tasks.records import Measurement


def plot_language_parity(table: pd.DataFrame, metrics: dict[str, Measurement], path: Path) -> None:
    """Two panels: each form's agreement with its interval, and the rows from the least alike to the most."""
    forms = [name.removeprefix(AGREEMENT) for name in metrics if name.startswith(AGREEMENT)]
    figure = Figure(figsize=(8, 4.6 + 0.35 * len(forms)), layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=(len(forms) + 1, 6))
    draw_agreement(upper, forms, metrics)
    for number, (form, rows) in enumerate(table.groupby("form", sort=False)):
        shares = np.sort(rows["same_tokens"].to_numpy())
        places = (np.arange(len(shares)) + 1) / len(shares)
        lower.step(places, shares, where="pre", color=COLOURS[number % 4], label=str(form).replace("_", " "))
    lower.set(xlabel="Rows, the least alike first", ylabel="Tokens of the answer held likeliest by both")
    for axis in (lower.xaxis, lower.yaxis):
        axis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    tidy(lower)
    figure.legend(*lower.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    save(figure, path)
