"""The measures of a language model beside quality that the section `evaluation` asks for, written into the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tasks.evaluate.checks.measure import measure_checks
from tasks.evaluate.checks.plot import plot_checks
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.consistency.measure import measure_consistency
from tasks.evaluate.consistency.plot import plot_consistency
from tasks.evaluate.grounding.measure import measure_grounding
from tasks.evaluate.grounding.plot import plot_grounding
from tasks.evaluate.language_subject import LanguageSubject
from tasks.evaluate.lm_tasks.measure import measure_lm_tasks
from tasks.evaluate.lm_tasks.plot import plot_lm_tasks
from tasks.evaluate.parity.language import measure_language_parity
from tasks.evaluate.parity.language_plot import plot_language_parity
from tasks.evaluate.prompt_attacks.measure import measure_prompt_attacks
from tasks.evaluate.prompt_attacks.plot import plot_prompt_attacks
from tasks.evaluate.subject import Found
from tasks.pii.shown_rows import write_shown_rows
from tasks.records import Measurement


@dataclass(frozen=True)
class LanguageRoom:
    """How one thing is measured and drawn."""

    measure: Callable[[LanguageSubject, Any, EvaluationConfig], Found]
    plot: Callable[[pd.DataFrame, dict[str, Measurement], Path], None]


LANGUAGE_ROOMS = {
    "consistency": LanguageRoom(measure_consistency, plot_consistency),
    "grounding": LanguageRoom(measure_grounding, plot_grounding),
    "prompt_attacks": LanguageRoom(measure_prompt_attacks, plot_prompt_attacks),
    "checks": LanguageRoom(measure_checks, plot_checks),
    "lm_tasks": LanguageRoom(measure_lm_tasks, plot_lm_tasks),
    "parity": LanguageRoom(measure_language_parity, plot_language_parity),
}
"""By the name of the part of the section `evaluation` that asks for it."""


def measure_language_rooms(
    subject: LanguageSubject, config: EvaluationConfig, report: Path
) -> tuple[dict[str, Measurement], dict[str, str]]:
    """The figures of every room that is asked for, and by room why one is missing; tables and plots go to `report`.

    Texts in the tables are masked and cut.
    """
    metrics: dict[str, Measurement] = {}
    missing = {}
    for name, room in LANGUAGE_ROOMS.items():
        part = getattr(config, name)
        if part is None:
            continue
        found = room.measure(subject, part, config)
        metrics |= found.metrics
        if found.missing:
            missing[name] = found.missing
        if len(found.table):
            write_shown_rows(found.table, report / f"{name}.csv")
            room.plot(found.table, found.metrics, report / f"{name}.png")
    return metrics, missing
