"""The picture of consistency: agreement between answers against the temperature; top-k and top-p beside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tasks.evaluate.plots import BLUE, ORANGE, save, tidy
from tasks.records import Measurement

KINDS = (("consistency", "words in common (token F1)", BLUE, "o"), ("consistency_exact", "word for word", ORANGE, "s"))


def plot_consistency(table: pd.DataFrame, metrics: Mapping[str, Measurement], path: Path) -> None:
    """A curve over the temperatures of plain sampling on the left, and all settings side by side on the right."""
    settings = table.drop_duplicates("setting").sort_values(["temperature", "setting"], kind="stable")
    names = settings["setting"].tolist()
    plain = settings[~settings["setting"].str.contains("_")]
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for metric, label, colour, marker in KINDS:
        look: dict[str, Any] = {"color": colour, "marker": marker, "label": label}
        _draw(left, plain["temperature"].to_numpy(np.float64), metric, plain["setting"].tolist(), metrics, "-", look)
        _draw(right, np.arange(len(names), dtype=np.float64), metric, names, metrics, "none", look)
    left.set(title="Agreement by temperature", xlabel="Temperature (all tokens drawn from)", ylim=(-0.02, 1.04))
    left.set_ylabel("Agreement between answers to one prompt")
    right.set_title("Agreement by setting: t temperature, k top-k, p top-p")
    right.set_xticks(np.arange(len(names)), names, rotation=30 if len(names) > 4 else 0)
    for axes in (left, right):
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
        tidy(axes)
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    save(figure, path)


def _draw(
    axes: Axes,
    places: np.ndarray[tuple[int], np.dtype[np.float64]],
    metric: str,
    names: list[str],
    metrics: Mapping[str, Measurement],
    line: str,
    look: dict[str, Any],
) -> None:
    if not names:
        return
    found = [metrics[f"{metric}.{name}"] for name in names]
    values = np.array([each.value for each in found])
    low, high = (
        np.array([each.value if end is None else end for each, end in zip(found, ends, strict=True)])
        for ends in ([each.low for each in found], [each.high for each in found])
    )
    errors = np.stack([values - low, high - values])
    axes.errorbar(places, values, yerr=errors, linestyle=line, capsize=4, linewidth=1.6, **look)
