"""The chart of how many rows each label has in each split."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pandas as pd

from tasks.pii.shown_rows import shown_text

SPLITS = ("train", "validation", "holdout")
COLOURS = {"train": "#3b6ea5", "validation": "#e09f3e", "holdout": "#6a994e"}
LABELS_SHOWN = 100
NUMBERED_AT_MOST = 30
NAME_CHARACTERS = 40
WIDTH_INCHES, INCHES_PER_LABEL, INCHES_PER_CHARACTER = 11.0, 0.2, 0.075
TOP_INCHES, BOTTOM_INCHES = 0.75, 0.6


def draw_label_counts(splits: dict[str, pd.DataFrame], path: Path) -> None:
    """Write a PNG with a panel a split and a bar a label, the commonest label of train on top."""
    from matplotlib.figure import Figure

    counts = pd.DataFrame({split: splits[split]["label"].value_counts() for split in SPLITS if split in splits})
    counts = counts.fillna(0).astype(int).sort_index().sort_values("train", kind="stable", ascending=False)
    shown = counts.head(LABELS_SHOWN).iloc[::-1]
    names = [shown_text(label, NAME_CHARACTERS) for label in shown.index]
    height = TOP_INCHES + BOTTOM_INCHES + INCHES_PER_LABEL * max(len(names), 4)
    figure = Figure(figsize=(WIDTH_INCHES, height))
    # Laid out by hand: the automatic layouts take seconds for as many labels as real data has.
    figure.subplots_adjust(
        left=(0.3 + INCHES_PER_CHARACTER * max(map(len, names), default=0)) / WIDTH_INCHES,
        right=0.98,
        top=1 - TOP_INCHES / height,
        bottom=BOTTOM_INCHES / height,
        wspace=0.12,
    )
    few = f", the {len(names)} commonest of {len(counts)}" if len(counts) > len(names) else ""
    figure.suptitle(f"Rows by label{few}", fontsize=12, y=1 - 0.2 / height)
    panels = figure.subplots(1, len(counts.columns), sharey=True, squeeze=False)[0]
    for panel, split in zip(panels, counts.columns, strict=True):
        _draw_panel(panel, str(split), shown[split], int(counts[split].sum()))
    panels[0].set_yticks(range(len(names)), labels=names, parse_math=False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        figure.savefig(path, dpi=100, metadata={"Software": None})


def _draw_panel(panel: Any, split: str, counts: pd.Series, total: int) -> None:
    bars = panel.barh(range(len(counts)), counts, color=COLOURS[split], height=0.75)
    if len(counts) <= NUMBERED_AT_MOST:
        panel.bar_label(bars, padding=3, fontsize=7, color="#444444")
    panel.set_title(f"{split}: {total:,} rows", fontsize=10)
    panel.set_xlabel("rows", fontsize=9)
    panel.set_xlim(0, 1.15 * max(int(counts.max()) if len(counts) else 0, 1))
    panel.set_ylim(-0.7, len(counts) - 0.3)
    panel.locator_params(axis="x", nbins=5, integer=True)
    panel.tick_params(axis="y", length=0, labelsize=8)
    panel.tick_params(axis="x", labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(axis="x", color="#dddddd", linewidth=0.6)
    panel.set_axisbelow(True)
