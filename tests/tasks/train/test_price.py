"""What a remedy costs is measured by a second training without it, on the same rows, and told in the report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.settings import settings
from tasks.records import DatasetRef, Measurement
from tasks.store import fetch_whole
from tasks.train.classifier.learning import learn
from tasks.train.config import TrainingConfig
from tasks.train.price import accuracy_price, in_words, remedies_of, trainings_of, with_prices
from tasks.train.task import train

Config = Callable[..., TrainingConfig]
Prepare = Callable[..., Path]
ADVERSARIAL = {"epsilon": 0.1, "steps": 2}


def test_each_remedy_is_left_out_by_itself(tiny_config: Config) -> None:
    both = tiny_config(adversarial=ADVERSARIAL, group_weighting="balanced")
    assert remedies_of(both) == ["adversarial", "group_weighting"]
    first, *others = trainings_of(both)
    assert first == both
    assert [remedies_of(other) for other in others] == [["group_weighting"], ["adversarial"]]
    assert list(trainings_of(tiny_config())) == [tiny_config()]
    assert len(list(trainings_of(tiny_config(adversarial=ADVERSARIAL, measure_price=False)))) == 1


def test_the_price_is_the_difference_in_accuracy_on_the_validation_rows(dataset: DatasetRef, prepare: Prepare) -> None:
    good, weak = prepare(epochs=8, learning_rate=1e-2), prepare(epochs=0.2)
    accuracies = [learn(folder, lambda *_, **__: None)["validation_accuracy"] for folder in (good, weak)]
    price = accuracy_price(good / "model", weak / "model", dataset, seed=0)
    assert price.value == pytest.approx(accuracies[0] - accuracies[1])
    assert price.value > 0, "what is weaker with the remedy is a cost"
    assert price.low is not None
    assert price.high is not None
    assert price.low < price.value < price.high


@pytest.mark.slow
def test_the_price_of_a_remedy_is_in_the_models_report_and_figures(dataset: DatasetRef, tiny_config: Config) -> None:
    model = train.fn(dataset, tiny_config(adversarial=ADVERSARIAL, epochs=1))  # type: ignore[attr-defined]
    report = fetch_whole(model) / "report"
    price = Measurement.model_validate(json.loads((report / "price.json").read_text())["adversarial"])
    assert price.value == model.metrics["accuracy_price_of_adversarial"]
    page = (report / "price.md").read_text()
    assert in_words("adversarial", price) in page
    assert "Temperature scaling" in page
    assert model.metrics["energy_joules"] > 0
    assert not list((settings().home_path / "runs").iterdir())


def test_without_a_remedy_there_is_no_price(dataset: DatasetRef, tiny_config: Config, tmp_path: Path) -> None:
    def ignore(*_: object) -> None:
        raise AssertionError("nothing is to be said")

    assert with_prices({"steps": 3.0}, tmp_path / "model", dataset, tiny_config(), "code", ignore, ignore) == {
        "steps": 3.0
    }
    assert not (tmp_path / "model").exists()


def test_a_price_is_told_with_its_interval() -> None:
    cost = in_words("adversarial", Measurement(value=0.004, low=-0.001, high=0.009))
    assert cost == (
        "training.adversarial costs 0.4 points of accuracy on the validation rows "
        "(90% interval of the cost: -0.1, +0.9)"
    )
    assert "brings 1.0 points" in in_words("group_weighting", Measurement(value=-0.01, low=-0.02, high=0.0))
