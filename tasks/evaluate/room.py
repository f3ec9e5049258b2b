"""A room of the evaluation: one thing beside quality that is measured and drawn, where the section asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tasks.evaluate.config import EvaluationConfig
from tasks.records import Measurement


@dataclass(frozen=True)
class Found:
    """What a measure found: figures by name, and a table behind them, of which the plot is drawn."""

    metrics: dict[str, Measurement]
    table: pd.DataFrame
    missing: str = ""
    """Why a figure that a gate may ask for is not there, and what to do; empty where none is missing."""


@dataclass(frozen=True)
class Room:
    """How one thing is measured, of a Subject or a LanguageSubject by its part of the section, and drawn."""

    measure: Callable[[Any, Any, EvaluationConfig], Found]
    plot: Callable[[pd.DataFrame, dict[str, Measurement], Path], None]


def measure_rooms(
    rooms: Mapping[str, Room],
    subject: object,
    config: EvaluationConfig,
    report: Path,
    write: Callable[[pd.DataFrame, Path], None],
) -> tuple[dict[str, Measurement], dict[str, str]]:
    """The figures of every room that is asked for, and by room why one is missing; tables and plots go to `report`.

    `rooms` are named as the parts of the section `evaluation` that ask for them; `write` stores a table.
    """
    metrics: dict[str, Measurement] = {}
    missing = {}
    for name, room in rooms.items():
        part = getattr(config, name)
        if part is None:
            continue
        found = room.measure(subject, part, config)
        metrics |= found.metrics
        if found.missing:
            missing[name] = found.missing
        if len(found.table):
            write(found.table, report / f"{name}.csv")
            room.plot(found.table, found.metrics, report / f"{name}.png")
    return metrics, missing


def write_numbers(table: pd.DataFrame, path: Path) -> None:
    """Store a table without texts as CSV, its numbers to six digits."""
    table.to_csv(path, index=False, float_format="%.6g")
