"""The gate `robustness` names the budget of the attack, and takes no figure of a smaller one than the policy counts."""

from __future__ import annotations

import pytest

from tasks.gate.config import GatesConfig
from tasks.gate.limits import judge_report
from tasks.records import GateResult, Measurement, Report

ONLY = dict.fromkeys(("quality", "champion", "calibration", "latency", "parity", "side_effects", "energy"))
WITHSTANDS = Measurement(value=0.0, low=0.0, high=0.015)


def judged(epsilon: float | None, success: Measurement | None = WITHSTANDS, **gate: float) -> GateResult:
    policy = GatesConfig.model_validate({**ONLY, "robustness": gate})
    metrics = {"mcc": Measurement(value=0.9)}
    if success is not None:
        metrics["attack_success"] = success
    if epsilon is not None:
        metrics["attack_epsilon"] = Measurement(value=epsilon, low=epsilon, high=epsilon)
    origin = {"uri": "file:///r", "digest": "r", "model_digest": "m", "holdout_digest": "h"}
    (result,) = judge_report(Report(rows=200, confidence=0.9, metrics=metrics, **origin), policy)
    return result


def test_the_reason_names_the_budget() -> None:
    assert judged(0.05).state == "pass"
    assert judged(0.05).reason.startswith("attack success at epsilon 0.05 0.000 [0.000, 0.015]: ")
    weak = judged(0.1, Measurement(value=0.3, low=0.25, high=0.35))
    assert weak.state == "fail"
    assert weak.reason.startswith("attack success at epsilon 0.1 0.300")


@pytest.mark.parametrize(("epsilon", "at"), [(0.01, "at epsilon 0.01"), (None, "at an epsilon that the report")])
def test_a_success_at_less_than_the_policy_counts_fails(epsilon: float | None, at: str) -> None:
    result = judged(epsilon)
    assert (result.state, result.measured) == ("fail", None)
    assert at in result.reason
    assert "counts none below 0.05 (gates.robustness.min_epsilon): set evaluation.robustness.epsilon" in result.reason


def test_the_policy_says_what_counts() -> None:
    assert judged(0.01, min_epsilon=0.01).state == "pass"
    assert "counts none below 0.2" in judged(0.05, min_epsilon=0.2).reason


def test_a_success_that_was_not_measured_is_said_to_be_missing() -> None:
    assert "was not measured, and a missing number fails" in judged(None, success=None).reason
