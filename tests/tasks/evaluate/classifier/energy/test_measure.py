"""The energy of two models is measured in turns, and what one needs more shows in the ratio."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tasks.evaluate.classifier.energy import measure
from tasks.evaluate.classifier.energy.config import EnergyConfig
from tasks.evaluate.classifier.energy.measure import measure_energy, ratio_over_rounds
from tasks.evaluate.config import EvaluationConfig
from tests.tasks.evaluate.classifier.known_classifier import KnownClassifier, make_holdout

ROWS = make_holdout(40)
TEXTS = ROWS["text"].tolist()
EVALUATION = EvaluationConfig()


class Meter:
    """Counts a joule a request of a model that says it costs one."""

    is_modelled = True

    def __init__(self) -> None:
        self.joules = 0.0

    def spent(self) -> float:
        joules, self.joules = self.joules, 0.0
        return joules


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> Meter:
    meter = Meter()
    monkeypatch.setattr(measure, "EnergyCounter", lambda: meter)
    return meter


def costing(meter: Meter, joules: float) -> KnownClassifier:
    class Costing(KnownClassifier):
        def probabilities(self, texts: list[str], batch_size: int = 64) -> Any:
            meter.joules += joules
            return super().probabilities(texts)

    return Costing(ROWS)


def test_each_model_pays_for_its_own_turns(meter: Meter) -> None:
    models = {"candidate": costing(meter, 2.0), "champion": costing(meter, 4.0)}
    found = measure_energy(models, TEXTS, EnergyConfig(rounds=3, requests=10), EVALUATION)
    assert found.metrics["joules_per_1000"].value == pytest.approx(2000)
    assert found.metrics["joules_per_1000_champion"].value == pytest.approx(4000)
    assert found.metrics["energy_ratio"].value == pytest.approx(0.5)
    assert found.metrics["energy_is_modelled"].value == 1
    assert found.table["model"].tolist() == ["candidate", "champion"] * 3


def test_without_a_champion_there_is_no_ratio(meter: Meter) -> None:
    found = measure_energy({"candidate": costing(meter, 1.0)}, TEXTS, EnergyConfig(rounds=3), EVALUATION)
    assert set(found.metrics) == {"joules_per_1000", "energy_is_modelled"}


def test_the_ratios_interval_is_that_of_paired_rounds() -> None:
    theirs = np.array([10.0, 20.0, 40.0, 10.0])
    sure = ratio_over_rounds(0.7 * theirs, theirs, 0.9)
    assert (sure.low, sure.high) == pytest.approx((0.7, 0.7))
    unsure = ratio_over_rounds(0.7 * theirs * np.array([0.8, 1.25, 0.8, 1.25]), theirs, 0.9)
    assert (unsure.low or 1) < 0.7 < (unsure.high or 0)


def test_a_round_without_measurable_energy_is_refused() -> None:
    with pytest.raises(ValueError, match="raise evaluation.energy.requests"):
        ratio_over_rounds(np.array([1.0, 0.0]), np.array([1.0, 1.0]), 0.9)


def test_the_real_counter_finds_that_predictions_cost_something() -> None:
    found = measure_energy(
        {"candidate": KnownClassifier(ROWS)}, TEXTS, EnergyConfig(rounds=3, requests=2000), EVALUATION
    )
    assert found.metrics["joules_per_1000"].value > 0
