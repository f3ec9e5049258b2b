"""What a kind of model has no measure or no form of is refused where the config is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.config import ROOMS_OF_GENERATION, load_config
from tasks.errors import UserInputError
from tasks.gate.config import GenerationGate

REPLIES = Path(__file__).resolve().parents[2] / "deployments" / "support-replies.yaml"
LIMITS = {**dict.fromkeys(ROOMS_OF_GENERATION, 0.0), "min_lm_tasks": {"arithmetic.acc": 0.5}}
MEASURES = {
    "checks": "{rules: [{rule: {kind: json_schema}}]}",
    "lm_tasks": "{paths: [arithmetic.yaml]}",
}


def test_every_limit_has_a_measure() -> None:
    assert set(ROOMS_OF_GENERATION) == set(GenerationGate.model_fields)


@pytest.mark.parametrize("limit", ROOMS_OF_GENERATION)
def test_a_limit_without_its_measure_is_refused_and_with_it_taken(limit: str) -> None:
    room = ROOMS_OF_GENERATION[limit]
    change = f"gates.generation={{{limit}: {LIMITS[limit]}}}".replace("'", "")
    with pytest.raises(UserInputError, match=f"gates.generation.{limit} is set, but evaluation.{room} is null"):
        load_config(REPLIES, [change, f"evaluation.{room}=null"])
    config = load_config(REPLIES, [change, f"evaluation.{room}={MEASURES.get(room, '{}')}"])
    assert config.gates.generation is not None


@pytest.mark.parametrize("form", ["export.precision=int8", "evaluation.parity={served: true}"])
def test_a_language_model_is_refused_a_form_of_classifiers(form: str) -> None:
    with pytest.raises(UserInputError, match="is for models that give labels"):
        load_config(REPLIES, [form])


def test_an_attack_that_is_smaller_than_its_gate_asks_is_refused() -> None:
    intents = REPLIES.with_name("support-intents.yaml")
    with pytest.raises(UserInputError, match="min_epsilon counts no attack below 0.05"):
        load_config(intents, ["gates.robustness={}", "evaluation.robustness={epsilon: 0.01}"])
    assert load_config(intents, ["gates.robustness={}", "evaluation.robustness={}"]).gates.robustness


def test_a_classifier_is_refused_the_gate() -> None:
    intents = REPLIES.with_name("support-intents.yaml")
    with pytest.raises(UserInputError, match="gates.generation is for language models"):
        load_config(intents, ["gates.generation={min_grounding: 0.5}"])
