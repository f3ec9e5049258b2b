"""The card's sections beyond quality: what was measured and how, and in words what was not."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.evaluate.config import EvaluationConfig
from tasks.models.info import ModelInfo
from tasks.records import Measurement, ModelRef, Report, SideBySide
from tasks.track.card_topics import OF_ANSWERS, OF_BOTH, OF_LABELS, Topic, topic_sections
from tests.stored_model import LABELS

INFO = ModelInfo(labels=LABELS, max_tokens=16, base_model="words", technique="full", dataset_digest="d" * 64, seed=0)
MODEL = ModelRef(uri="u", digest="m", dataset_digest="d", metrics={"energy_joules": 7.2e6, "energy_is_modelled": 1.0})


def report(metrics: dict[str, float], missing: dict[str, str] | None = None) -> Report:
    measured = {name: Measurement(value=value, low=value / 2, high=value * 2) for name, value in metrics.items()}
    return Report(
        uri="u", digest="r", model_digest="m", holdout_digest="h", rows=9, confidence=0.9, metrics=measured,
        missing=missing or {},
    )  # fmt: skip


def sections(of: Report, both: SideBySide | None = None, **parts: Any) -> dict[str, str]:
    found = topic_sections({"evaluation": parts}, INFO, MODEL, of, both)
    return {text.partition("\n")[0].removeprefix("## "): text for text in found}


def settings_of(topic: Topic) -> dict[str, Any]:
    """The settings of a topic's part of the section `evaluation`, by default; those without a default are `x`."""
    kinds = EvaluationConfig.model_fields[topic.part].annotation.__args__  # type: ignore[union-attr]
    required = {name: "x" for name, field in kinds[0].model_fields.items() if field.is_required()}
    settings: dict[str, Any] = vars(kinds[0].model_construct(**required))
    return settings


@pytest.mark.parametrize("topic", [*OF_LABELS, *OF_ANSWERS, *OF_BOTH], ids=lambda topic: topic.part)
def test_how_a_topic_is_measured_is_told_by_settings_that_there_are(topic: Topic) -> None:
    assert topic.how.format_map(settings_of(topic))


def test_a_topic_tells_how_it_was_measured_and_its_figures_with_intervals() -> None:
    drift = sections(report({"accuracy_lost_to_drift": 0.04}), drift={"judged_strength": 0.5})["Drift"]
    assert "figures at the strength 0.5 of 1" in drift
    assert "| Figure | Measured | 90% interval |" in drift
    assert "| Accuracy that the worst shift costs | 0.0400 | 0.0200 to 0.0800 |" in drift


def test_a_figure_of_a_part_is_told_below_that_of_the_whole() -> None:
    metrics = {"parity_agreement.int8": 0.4, "parity_agreement": 0.5}
    parity = sections(report(metrics), parity={"rows": 9})["Parity of forms"]
    whole = "| What both answer alike: rows, or a language model's tokens | 0.5000 |"
    part = "| What both answer alike: rows, or a language model's tokens: int8 | 0.4000 |"
    assert 0 < parity.index(whole) < parity.index(part)


def test_what_was_not_measured_is_said_with_its_reason() -> None:
    found = sections(report({}, {"fairness": "no row names a group"}), fairness={"smallest_group": 30}, robustness=None)
    assert found["Fairness"] == "## Fairness\n\nNot measured: no row names a group."
    assert "Not measured, since the run did not ask for it (`evaluation.robustness`)." in found["Robustness"]


def test_energy_is_told_of_a_prediction_and_of_the_training_and_said_to_be_modelled() -> None:
    figures = {
        "joules_per_1000": Measurement(value=36.0, low=35.0, high=37.0),
        "energy_is_modelled": Measurement(value=1),
    }
    both = SideBySide(uri="u", digest="s", candidate_digest="m", champion_digest=None, metrics=figures)
    energy = sections(report({}), both, energy={"rounds": 6, "requests": 100})["Energy"]
    assert "One prediction takes about 10 millionths of a watt-hour, of which a part is modelled" in energy
    assert "Training took 2 kWh, of which a part is modelled" in energy
    assert "| Joules of a thousand predictions | 36.0 | 35.0 to 37.0 |" in energy
