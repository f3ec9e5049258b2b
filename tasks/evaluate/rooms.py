"""The measures of a classifier beside quality that the section `evaluation` may ask for."""

from __future__ import annotations

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
from tasks.evaluate.room import Room
from tasks.evaluate.side_effects.measure import measure_side_effects
from tasks.evaluate.side_effects.plot import plot_side_effects

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
