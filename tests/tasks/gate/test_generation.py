"""The gate `generation`: what a language model writes is held to limits, and what was not measured fails."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tasks.errors import UserInputError
from tasks.gate.config import GatesConfig, GenerationGate
from tasks.gate.limits import judge_report
from tasks.gate.policy import policy_for
from tasks.metrics.intervals import share_interval
from tasks.records import GateResult, Measurement, Report

ALL = GenerationGate(
    min_consistency=0.7,
    min_grounding=0.8,
    max_hallucinated_numbers=0.05,
    max_attack_success=0.05,
    min_checks_passed=0.9,
    min_lm_tasks={"arithmetic.acc": 0.5},
)
GOOD = {
    "answer_loss": Measurement(value=1.0, low=0.9, high=1.1),
    "consistency": Measurement(value=0.85, low=0.8, high=0.9),
    "grounding": Measurement(value=0.9, low=0.85, high=0.95),
    "hallucinated_numbers": share_interval(0, 200, 0.9),
    "prompt_attack_success": share_interval(0, 60, 0.9),
    "checks_passed": share_interval(198, 200, 0.9),
    "lm_tasks.arithmetic.acc": Measurement(value=0.7, low=0.6, high=0.8),
}
NAMES = {
    "consistency": "generation: consistency",
    "grounding": "generation: grounding",
    "hallucinated_numbers": "generation: hallucinated numbers",
    "prompt_attack_success": "generation: prompt attacks",
    "checks_passed": "generation: checks",
    "lm_tasks.arithmetic.acc": "generation: arithmetic.acc",
}
BAD = {
    "consistency": Measurement(value=0.5, low=0.4, high=0.6),
    "grounding": Measurement(value=0.3, low=0.2, high=0.4),
    "hallucinated_numbers": share_interval(60, 200, 0.9),
    "prompt_attack_success": share_interval(30, 60, 0.9),
    "checks_passed": share_interval(100, 200, 0.9),
    "lm_tasks.arithmetic.acc": Measurement(value=0.3, low=0.2, high=0.4),
}


def judged(
    metrics: dict[str, Measurement], gate: GenerationGate = ALL, missing: dict[str, str] | None = None
) -> dict[str, GateResult]:
    report = Report(
        uri="u",
        digest="r",
        model_digest="m",
        holdout_digest="h",
        rows=200,
        confidence=0.9,
        metrics=metrics,
        missing=missing or {},
    )
    gates = judge_report(
        report, GatesConfig(quality=None, latency=None, calibration=None, parity=None, generation=gate)
    )
    return {each.name: each for each in gates}


def test_a_model_within_all_limits_passes_each() -> None:
    found = judged(GOOD)
    assert {each.state for each in found.values()} == {"pass"}
    assert set(found) == set(NAMES.values())


@pytest.mark.parametrize("metric", NAMES)
def test_each_limit_is_failed_by_itself(metric: str) -> None:
    found = judged(GOOD | {metric: BAD[metric]})
    assert {name for name, each in found.items() if each.state == "fail"} == {NAMES[metric]}
    side = "below" if found[NAMES[metric]].at_least else "above"
    assert f"the whole interval is {side} the limit of" in found[NAMES[metric]].reason


@pytest.mark.parametrize("metric", NAMES)
def test_a_figure_that_is_missing_fails_with_the_reason_of_its_measure(metric: str) -> None:
    rooms = {"checks_passed": "checks", "prompt_attack_success": "prompt_attacks", "hallucinated_numbers": "grounding"}
    room = rooms.get(metric, metric.partition(".")[0])
    found = judged({name: value for name, value in GOOD.items() if name != metric}, missing={room: "for this reason"})
    assert found[NAMES[metric]].state == "fail"
    assert found[NAMES[metric]].reason.endswith("was not measured, and a missing number fails: for this reason")


def test_few_attacks_that_all_fail_are_inconclusive_and_it_says_how_many_it_takes() -> None:
    found = judged(GOOD, GenerationGate(max_attack_success=0.02))["generation: prompt attacks"]
    assert found.state == "inconclusive"
    assert found.reason.endswith(
        "with 150 attacks (evaluation.prompt_attacks.path) four of five such models would pass"
    )


def test_a_gate_without_a_limit_is_refused() -> None:
    with pytest.raises(ValidationError, match="names no limit: give at least one of min_consistency, min_grounding"):
        GenerationGate()


def test_a_limit_of_zero_is_a_limit() -> None:
    assert GenerationGate(max_attack_success=0.0).max_attack_success == 0


def test_a_classifier_has_no_such_gate() -> None:
    with pytest.raises(UserInputError, match="gates.generation is for language models"):
        policy_for("classification", GatesConfig(generation=ALL))
    assert policy_for("chat", GatesConfig(generation=ALL)).generation == ALL
