"""The measures of a language model beside quality that the section `evaluation` may ask for."""

from __future__ import annotations

from tasks.evaluate.language.checks.measure import measure_checks
from tasks.evaluate.language.checks.plot import plot_checks
from tasks.evaluate.language.consistency.measure import measure_consistency
from tasks.evaluate.language.consistency.plot import plot_consistency
from tasks.evaluate.language.grounding.measure import measure_grounding
from tasks.evaluate.language.grounding.plot import plot_grounding
from tasks.evaluate.language.lm_tasks.measure import measure_lm_tasks
from tasks.evaluate.language.lm_tasks.plot import plot_lm_tasks
from tasks.evaluate.language.prompt_attacks.measure import measure_prompt_attacks
from tasks.evaluate.language.prompt_attacks.plot import plot_prompt_attacks
from tasks.evaluate.parity.language import measure_language_parity
from tasks.evaluate.parity.language_plot import plot_language_parity
from tasks.evaluate.room import Room

LANGUAGE_ROOMS = {
    "consistency": Room(measure_consistency, plot_consistency),
    "grounding": Room(measure_grounding, plot_grounding),
    "prompt_attacks": Room(measure_prompt_attacks, plot_prompt_attacks),
    "checks": Room(measure_checks, plot_checks),
    "lm_tasks": Room(measure_lm_tasks, plot_lm_tasks),
    "parity": Room(measure_language_parity, plot_language_parity),
}
"""By the name of the part of the section `evaluation` that asks for it."""
