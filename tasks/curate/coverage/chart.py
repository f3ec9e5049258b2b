"""The picture of the coverage: how much of the training rows, and of real traffic, is in each cell."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tasks.curate.coverage.covered import Covered
from tasks.curate.coverage.ratios import listed_cells, shown_share
from tasks.pii.shown_rows import shown_text

TRAIN, TRAFFIC, THIN = "#3b6ea5", "#e09f3e", "#b3261e"
CELLS_SHOWN = 10
NAME_CHARACTERS = 34
WIDTH_INCHES, COLUMNS = 13.0, 2
INCHES_PER_CELL, INCHES_PER_TITLE, TOP_INCHES, BOTTOM_INCHES = 0.27, 0.75, 0.85, 0.1


def draw_coverage(covered: Covered, path: Path) -> None:
    """Write a PNG with a panel a dimension and a pair of bars a cell; of many cells the extremes.

    The names of thin cells are red. A dimension with one cell alone has nothing to show.
    """
    from matplotlib.figure import Figure

    panels = {name: listed_cells(table, CELLS_SHOWN) for name, table in covered.tables.items() if len(table) > 1}
    columns = _in_columns(panels)
    inches = max((sum(_inches(panels[name]) for name in names) for names in columns), default=0.0)
    height = TOP_INCHES + BOTTOM_INCHES + max(inches, 1.0)
    # Laid out by hand: the automatic layouts take seconds for as many bars as real data has.
    figure = Figure(figsize=(WIDTH_INCHES, height))
    for column, names in enumerate(columns):
        top = height - TOP_INCHES
        for name in names:
            tall = _inches(panels[name]) - INCHES_PER_TITLE
            left, width = (2.75 + column * WIDTH_INCHES / COLUMNS) / WIDTH_INCHES, 3.45 / WIDTH_INCHES
            axes = figure.add_axes((left, (top - 0.3 - tall) / height, width, tall / height))
            _draw_panel(axes, name, panels[name], len(covered.tables[name]))
            top -= _inches(panels[name])
    _write_heading(figure, covered, height)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        figure.savefig(path, dpi=100, metadata={"Software": None})


def _in_columns(panels: dict[str, pd.DataFrame]) -> list[list[str]]:
    """The panels in their order, each in the column that is shorter so far."""
    columns: list[list[str]] = [[] for _ in range(COLUMNS)]
    filled = [0.0] * COLUMNS
    for name, table in panels.items():
        shortest = int(np.argmin(filled))
        columns[shortest].append(name)
        filled[shortest] += _inches(table)
    return columns


def _inches(table: pd.DataFrame) -> float:
    return INCHES_PER_TITLE + INCHES_PER_CELL * max(len(table), 2)


def _draw_panel(axes: Any, name: str, shown: pd.DataFrame, cells: int) -> None:
    compared = bool(shown["traffic_share"].notna().any())
    places = np.arange(len(shown))[::-1]
    thick = 0.38 if compared else 0.7
    bars = axes.barh(places + (thick / 2 if compared else 0), 100 * shown["share"], color=TRAIN, height=thick)
    axes.bar_label(bars, [shown_share(share) for share in shown["share"]], padding=2, fontsize=6.5, color="#444444")
    if compared:
        traffic = 100 * shown["traffic_share"]
        beside = axes.barh(places - thick / 2, traffic, color=TRAFFIC, height=thick)
        axes.bar_label(
            beside, [shown_share(share) for share in shown["traffic_share"]], padding=2, fontsize=6.5, color="#444444"
        )
    names = [shown_text(cell, NAME_CHARACTERS) for cell in shown["cell"]]
    axes.set_yticks(places, labels=names, parse_math=False)
    for label, thin in zip(axes.get_yticklabels(), shown["thin"], strict=True):
        label.set_color(THIN if thin else "#222222")
    few = f" (the {len(shown)} extremes of {cells} cells)" if len(shown) < cells else ""
    axes.set_title(f"{name.replace('_', ' ')}{few}", fontsize=9.5, loc="left", fontweight="bold")
    largest = float(np.nanmax([shown["share"].max(), shown["traffic_share"].max() if compared else 0.0]))
    axes.set_xlim(0, 115 * max(largest, 0.001))
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.tick_params(axis="y", length=0, labelsize=8)
    axes.tick_params(axis="x", labelsize=7)
    axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter("{x:g} %")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)


def _write_heading(figure: Any, covered: Covered, height: float) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=TRAIN, label=f"training rows ({len(covered.cells):,})")]
    if covered.traffic_cells is not None:
        stands = f", {covered.compared_with}" if covered.compared_with else ""
        handles.append(Patch(color=TRAFFIC, label=f"real traffic ({len(covered.traffic_cells):,} rows{stands})"))
    if not covered.thin.empty:
        handles.append(Patch(color=THIN, label="name in red: thin cell"))
    figure.suptitle(
        "What the training rows cover: share of the rows in each cell",
        fontsize=12,
        x=0.02,
        ha="left",
        y=1 - 0.15 / height,
    )
    figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0.012, 1 - 0.36 / height), ncols=3, frameon=False, fontsize=9
    )
