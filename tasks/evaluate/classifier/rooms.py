"""The measures of a classifier beside quality that the section `evaluation` may ask for."""

from __future__ import annotations

from tasks.evaluate.classifier.drift.measure import measure_drift
from tasks.evaluate.classifier.drift.plot import plot_drift
from tasks.evaluate.classifier.fairness.measure import measure_fairness
from tasks.evaluate.classifier.fairness.plot import plot_fairness
from tasks.evaluate.classifier.load.measure import measure_load
from tasks.evaluate.classifier.load.plot import plot_load
from tasks.evaluate.classifier.memorisation.measure import measure_memorisation
from tasks.evaluate.classifier.memorisation.plot import plot_memorisation
from tasks.evaluate.classifier.people.measure import measure_people
from tasks.evaluate.classifier.people.plot import plot_people
from tasks.evaluate.classifier.robustness.measure import measure_robustness
from tasks.evaluate.classifier.robustness.plot import plot_robustness
from tasks.evaluate.classifier.side_effects.measure import measure_side_effects
from tasks.evaluate.classifier.side_effects.plot import plot_side_effects
from tasks.evaluate.parity.measure import measure_parity
from tasks.evaluate.parity.plot import plot_parity
from tasks.evaluate.room import Room

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
