"""The picture of grounding: how well answers are supported, what they make up, and how the answers spread."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from tasks.evaluate.language.share_bars import draw_shares
from tasks.evaluate.plots import BLUE, save, tidy
from tasks.records import Measurement

NAMES = {
    "grounding": "sentences supported by the source",
    "grounding_of_wanted": "the same of the wanted answers",
    "grounded_words": "content words that the source has",
    "hallucinated_numbers": "answers with an unknown number",
    "hallucinated_names": "answers with an unknown name",
    "contradicted_sources": "answers that contradict their source",
}


def plot_grounding(table: pd.DataFrame, metrics: Mapping[str, Measurement], path: Path) -> None:
    """The figures with their intervals on the left, and the answers by their share of supported sentences."""
    figure = Figure(figsize=(11, 3.9), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    draw_shares(
        left, {label: metrics[name] for name, label in NAMES.items() if name in metrics}, "Share, with interval"
    )
    left.set_title(f"What {len(table):,} answers rest on")
    right.hist(table["supported"] / table["sentences"], bins=10, range=(0, 1), color=BLUE, alpha=0.85)
    right.set(title="Answers by support", xlabel="Supported share of its sentences", ylabel="Answers")
    right.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    right.yaxis.set_major_locator(MaxNLocator(integer=True))
    tidy(right)
    save(figure, path)
