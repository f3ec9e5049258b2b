"""The measures beside quality that the section `evaluation` asks for: each in its room, written into the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.drift.measure import measure_drift
from tasks.evaluate.drift.plot import plot_drift
from tasks.evaluate.fairness.measure import measure_fairness
from tasks.evaluate.fairness.plot import plot_fairness
from tasks.evaluate.load.measure import measure_load
from tasks.evaluate.load.plot import plot_load
from tasks.evaluate.memorisation.measure import measure_memorisation
from tasks.evaluate.memorisation.plot import plot_memorisation
from tasks.evaluate.parity.measure import measure_parity
from tasks.evaluate.parity.plot import plot_parity
from tasks.evaluate.people.measure import measure_people
from tasks.evaluate.people.plot import plot_people
from tasks.evaluate.robustness.measure import measure_robustness
from tasks.evaluate.robustness.plot import plot_robustness
from tasks.evaluate.side_effects.measure import measure_side_effects
from tasks.evaluate.side_effects.plot import plot_side_effects
from tasks.evaluate.subject import Found, Subject
from tasks.records import Measurement


@dataclass(frozen=True)
class Room:
    """How one thing is measured and drawn."""

    measure: Callable[[Subject, Any, EvaluationConfig], Found]
    plot: Callable[[pd.DataFrame, dict[str, Measurement], Path], None]


ROOMS = {
    "load": Room(measure_load, plot_load),
    "parity": Room(measure_parity, plot_parity),
    "fairness": Room(measure_fairness, plot_fairness),
    "robustness": Room(measure_robustness, plot_robustness),
    "drift": Room(measure_drift, plot_drift),
    "side_effects": Room(measure_side_effects, plot_side_effects),
    "memorisation": Room(measure_memorisation, plot_memorisation),
    "people": Room(measure_people, plot_people),
}
"""By the name of the part of the section `evaluation` that asks for it."""


def measure_rooms(
    subject: Subject, config: EvaluationConfig, report: Path
) -> tuple[dict[str, Measurement], dict[str, str]]:
    """The figures of every room that is asked for, and by room why one is missing; tables and plots go to `report`."""
    metrics: dict[str, Measurement] = {}
    missing = {}
    for name, room in ROOMS.items():
        part = getattr(config, name)
        if part is None:
            continue
        found = room.measure(subject, part, config)
        metrics |= found.metrics
        if found.missing:
            missing[name] = found.missing
        if len(found.table):
            found.table.to_csv(report / f"{name}.csv", index=False, float_format="%.6g")
            room.plot(found.table, found.metrics, report / f"{name}.png")
    return metrics, missing
