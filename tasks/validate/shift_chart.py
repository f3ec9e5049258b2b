"""The chart of what moved since the champion's training: label shares and lengths, before and now."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from tasks.pii.shown_rows import shown_text
from tasks.validate.shift import LabelShift, LengthShift, Shift

BEFORE, NOW = "#9aa5b1", "#3b6ea5"
NAME_CHARACTERS = 32
STEPS = 200
PANEL_INCHES, HEIGHT_INCHES, INCHES_PER_CHARACTER = 5.5, 4.0, 0.085


def draw_shift(shift: Shift, path: Path) -> None:
    """Write a PNG: a panel for the labels that moved most, and one for the lengths of each column."""
    from matplotlib.figure import Figure

    panels = int(shift.labels is not None) + len(shift.lengths)
    figure = Figure(figsize=(PANEL_INCHES * panels, HEIGHT_INCHES))
    axes = list(figure.subplots(1, panels, squeeze=False)[0])
    # Laid out by hand: the automatic layouts take seconds.
    names = [shown_text(name, NAME_CHARACTERS) for name in shift.labels.moved.index] if shift.labels is not None else []
    left = (0.7 + INCHES_PER_CHARACTER * max(map(len, names), default=0)) / (PANEL_INCHES * panels)
    figure.subplots_adjust(left=left, right=0.98, top=0.83, bottom=0.14, wspace=0.2)
    if shift.labels is not None:
        _draw_labels(axes.pop(0), shift.labels)
    for panel, lengths in zip(axes, shift.lengths, strict=True):
        _draw_lengths(panel, lengths)
    figure.suptitle(f"The champion's {shift.rows[0]:,} training rows, and the {shift.rows[1]:,} of now")
    with warnings.catch_warnings():
        # The font has no Chinese, Arabic or emoji; the table beside has such a label whole.
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        figure.savefig(path, dpi=100, metadata={"Software": None})


def _draw_labels(panel: Any, labels: LabelShift) -> None:
    moved = labels.moved.iloc[::-1]
    places = np.arange(len(moved))
    panel.barh(places + 0.2, 100 * moved["before"], height=0.38, color=BEFORE, label="champion's")
    panel.barh(places - 0.2, 100 * moved["now"], height=0.38, color=NOW, label="now")
    panel.set_yticks(places, [shown_text(name, NAME_CHARACTERS) for name in moved.index], parse_math=False)
    panel.set_xlabel("% of rows")
    panel.set_title(f"Labels that moved most (distance {labels.distance:.3f})", fontsize=10)
    _finish(panel)


def _draw_lengths(panel: Any, lengths: LengthShift) -> None:
    longest = float(np.percentile(np.concatenate([lengths.before, lengths.now]), 99.5))
    marks = np.linspace(0, max(longest, 1.0), STEPS)
    for cells, colour, name in ((lengths.before, BEFORE, "champion's"), (lengths.now, NOW, "now")):
        share = np.searchsorted(np.sort(cells), marks, side="right") / len(cells)
        panel.plot(marks, 100 * share, color=colour, linewidth=2, label=name)
    panel.set_xlabel(f"characters of {lengths.column}")
    panel.set_ylabel("% of rows up to that length")
    panel.set_title(f"Lengths of {lengths.column} (KS {lengths.statistic:.3f})", fontsize=10)
    _finish(panel)


def _finish(panel: Any) -> None:
    panel.legend(frameon=False, fontsize=8)
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(color="#e5e7eb", linewidth=0.6)
    panel.set_axisbelow(True)
