"""The picture of fairness: each group's true and false positive rate with its interval, the furthest apart marked."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tasks.evaluate.classifier.fairness.measure import ODDS, OPPORTUNITY, why_not_measured
from tasks.evaluate.plots import BLUE, GREY, RED, save, shortened, tidy
from tasks.records import Measurement

MOST_GROUPS = 40
"""Of more groups than this, those with the lowest and the highest rates are drawn."""
INCHES_A_GROUP = 0.36


def plot_fairness(table: pd.DataFrame, metrics: Mapping[str, Measurement], path: Path) -> None:
    """Dots and intervals of `measure_fairness`'s table, lowest true positive rate on top; the reason where none is."""
    known = table[table["rate"].notna() | table["false_positive_rate"].notna()]
    known = known.sort_values(["rate", "group"], kind="stable").reset_index(drop=True)
    shown = known if len(known) <= MOST_GROUPS else known.drop(range(MOST_GROUPS // 2, len(known) - MOST_GROUPS // 2))
    figure = Figure(figsize=(11, 2.8 + INCHES_A_GROUP * len(shown)), layout="constrained")
    missing = "\n".join(textwrap.wrap(why_not_measured(table), 110)[:4])
    if shown.empty:
        figure.text(0.5, 0.5, missing, ha="center", va="center", parse_math=False)
        save(figure, path)
        return
    left, right = figure.subplots(1, 2, sharey=True)
    _panel(left, shown, "", "True positive rate")
    _panel(right, shown, "false_positive_", "False positive rate")
    names = [_name(*each) for each in zip(shown["group"], shown["rows"], strict=True)]
    left.set_yticks(np.arange(len(shown)), names, parse_math=False)
    left.invert_yaxis()
    cut = f" ({MOST_GROUPS} of {len(known)} groups)" if len(shown) < len(known) else ""
    titles = (("Equal opportunity difference", OPPORTUNITY), ("Equalised odds difference", ODDS))
    stated = [f"{title} {_points(metrics[name])}" for title, name in titles if name in metrics]
    figure.suptitle("\n".join([*stated, *([missing] if missing else [])]) + cut, fontsize=11, parse_math=False)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    save(figure, path)


def _panel(axes: Axes, shown: pd.DataFrame, prefix: str, title: str) -> None:
    """One rate of all groups: those that decide in blue, the two furthest apart in red, the others in grey."""
    columns = [f"{prefix}{name}" for name in ("rate", "low", "high")]
    rates, low, high = shown[columns].to_numpy(dtype=np.float64).T
    judged = shown[f"{prefix}judged"].to_numpy(dtype=bool)
    furthest = np.zeros(len(shown), dtype=bool)
    if judged.sum() >= 2:
        furthest[[np.where(judged, rates, np.inf).argmin(), np.where(judged, rates, -np.inf).argmax()]] = True
        ends = rates[furthest]
        axes.axvspan(ends.min(), ends.max(), color=RED, alpha=0.08, linewidth=0)
    places = np.arange(len(shown))
    kinds = (
        (judged & ~furthest, BLUE, "o", "judged"),
        (judged & furthest, RED, "D", "furthest apart"),
        (~judged, GREY, "x", "too few rows to judge"),
    )
    for chosen, colour, marker, label in kinds:
        errors = np.stack([rates - low, high - rates])[:, chosen]
        axes.errorbar(
            rates[chosen], places[chosen], xerr=errors, fmt=marker, color=colour, capsize=4, linewidth=1.4, label=label
        )
    axes.set_title(f"{title}, with intervals")
    axes.set_xlabel(title)
    spread = float(np.nanmax(high) - np.nanmin(low)) if np.isfinite(rates).any() else 1.0
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0 if spread > 0.05 else 1))
    axes.margins(y=0.5 / max(len(shown), 1))
    tidy(axes)


def _name(group: str, rows: int) -> str:
    return f"{shortened(group)} ({rows:,} rows)"


def _points(measured: Measurement) -> str:
    ends = ("…" if end is None else f"{100 * end:.1f}" for end in (measured.low, measured.high))
    return f"{100 * measured.value:.1f} points [{', '.join(ends)}]"
