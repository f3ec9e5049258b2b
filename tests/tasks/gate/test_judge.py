"""Each gate's three states, on which side of the limit they lie, and what is said where a number is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest

from tasks.errors import UserInputError
from tasks.gate.config import GATES, GatesConfig
from tasks.gate.judge import overall, require_gates
from tasks.gate.limits import judge_report
from tasks.records import GateResult, Measurement, Report, State
from tests.tasks.gate.stored_report import GOOD

POLICY = GatesConfig()
ORIGIN: dict[str, Any] = {"uri": "u", "digest": "d", "model_digest": "m", "holdout_digest": "h", "confidence": 0.9}


def gates(policy: GatesConfig = POLICY, **changed: Measurement | None) -> dict[str, GateResult]:
    return with_metrics(changed, policy)


def with_metrics(changed: Mapping[str, Measurement | None], policy: GatesConfig = POLICY) -> dict[str, GateResult]:
    metrics = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    return {gate.name: gate for gate in judge_report(Report(rows=600, metrics=metrics, **ORIGIN), policy)}


def measured(value: float, low: float | None, high: float | None) -> Measurement:
    return Measurement(value=value, low=low, high=high)


@pytest.mark.parametrize(
    ("gate", "metric", "ends", "state"),
    [
        ("quality", "mcc", (0.85, 0.80, 0.90), "pass"),
        ("quality", "mcc", (0.82, 0.79, 0.85), "inconclusive"),
        ("quality", "mcc", (0.79, 0.70, 0.80), "inconclusive"),
        ("quality", "mcc", (0.75, 0.70, 0.79), "fail"),
        ("calibration", "ece", (0.04, 0.02, 0.05), "pass"),
        ("calibration", "ece", (0.04, 0.02, 0.06), "inconclusive"),
        ("calibration", "ece", (0.07, 0.06, 0.08), "fail"),
        ("latency", "p99_milliseconds", (100, 90, 150), "pass"),
        ("latency", "p99_milliseconds", (140, 130, 160), "inconclusive"),
        ("latency", "p99_milliseconds", (200, 151, 300), "fail"),
    ],
)
def test_a_gate_compares_the_whole_interval_with_its_limit(
    gate: str, metric: str, ends: tuple[float, float, float], state: State
) -> None:
    found = with_metrics({metric: measured(*ends)})
    assert found[gate].state == state
    assert (found[gate].measured, found[gate].low, found[gate].high) == ends
    assert {other.state for other in found.values() if other.name != gate} == {"pass"}


@pytest.mark.parametrize("gate", ["quality", "calibration", "latency"])
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "was not measured"),
        (measured(math.nan, 0.9, 0.95), "is nan, which is no number"),
        (measured(math.inf, 0.9, math.inf), "is inf, which is no number"),
        (measured(0.01, None, None), "without an interval"),
        (measured(0.01, 0.0, None), "without an interval"),
        (measured(0.01, 0.0, math.nan), "without an interval"),
        (measured(0.5, 0.9, 0.95), "outside its own interval"),
    ],
)
def test_a_missing_number_fails_and_never_passes(gate: str, value: Measurement | None, reason: str) -> None:
    metric = {"quality": "mcc", "calibration": "ece", "latency": "p99_milliseconds"}[gate]
    found = with_metrics({metric: value})[gate]
    assert found.state == "fail"
    assert found.measured is None
    assert reason in found.reason


def test_a_room_that_could_not_measure_says_why_in_its_gate() -> None:
    policy = GatesConfig.model_validate({"fairness": {}})
    report = Report(rows=600, metrics=GOOD, missing={"fairness": "no row of the holdout names a group"}, **ORIGIN)
    found = {gate.name: gate for gate in judge_report(report, policy)}["fairness"]
    assert found.state == "fail"
    assert found.reason.endswith("a missing number fails: no row of the holdout names a group")


def test_the_quality_gate_looks_at_the_metric_that_the_policy_names() -> None:
    policy = GatesConfig.model_validate({"quality": {"metric": "f1_macro", "min": 0.9}})
    assert gates(policy)["quality"].reason.startswith("macro F1 was not measured")
    assert gates(policy, f1_macro=measured(0.95, 0.91, 0.97))["quality"].state == "pass"


def test_a_gate_set_to_null_is_left_out() -> None:
    assert set(gates(GatesConfig(calibration=None))) == {"quality", "latency", "parity"}


def test_a_reason_gives_the_figures_with_their_units() -> None:
    found = gates()
    assert found["quality"].reason == ("MCC 0.950 [0.920, 0.970]: the whole interval is at or above the limit of 0.800")
    assert found["latency"].reason == (
        "p99 latency 9.0 [8.0, 12.0] ms: the whole interval is at or below the limit of 150.0 ms"
    )


def test_an_inconclusive_gate_says_how_many_rows_would_settle_it() -> None:
    # The low end is 0.04 away and the limit 0.02: a half as wide interval takes four times the rows.
    found = gates(mcc=measured(0.82, 0.78, 0.86))["quality"]
    assert "with about 5,500 holdout rows instead of 600 four of five such models would pass" in found.reason


def test_an_inconclusive_latency_asks_for_more_requests_and_not_for_rows() -> None:
    found = gates(p99_milliseconds=measured(140, 130, 160))["latency"]
    assert "with about 9.1 times as many timed requests four of five such models would " in found.reason


def test_a_value_at_its_limit_is_not_promised_to_be_settled() -> None:
    assert "hardly settle it" in gates(mcc=measured(0.80, 0.78, 0.82))["quality"].reason


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["pass", "pass"], "pass"),
        (["pass", "inconclusive"], "inconclusive"),
        (["inconclusive", "fail", "pass"], "fail"),
    ],
)
def test_the_verdict_is_as_good_as_its_worst_gate(states: list[State], expected: State) -> None:
    made = [GateResult(name="g", measured=1, low=1, high=1, limit=1, state=state, reason="because") for state in states]
    assert overall(made) == expected


def test_no_gate_at_all_is_no_pass() -> None:
    with pytest.raises(UserInputError, match="nothing would be checked"):
        overall([])


def test_a_policy_of_nulls_is_refused() -> None:
    with pytest.raises(UserInputError, match="every gate of the section gates is null"):
        require_gates(GatesConfig.model_validate(dict.fromkeys(GATES)))
