"""The gate `parity` answers for the worst form, names it, and needs every form to pass."""

from __future__ import annotations

import pytest

from tasks.gate.config import GatesConfig
from tasks.gate.limits import judge_report
from tasks.records import GateResult, Measurement, Report

SURE = Measurement(value=0.999, low=0.995, high=1.0)
NONE_LOST = Measurement(value=0, low=0, high=0)
POOR = Measurement(value=0.95, low=0.94, high=0.96)
UNSURE = Measurement(value=0.999, low=0.98, high=1.0)


def parity(metrics: dict[str, Measurement], policy: dict[str, object] | None = None) -> GateResult:
    named = {f"parity_{name}": value for name, value in metrics.items()}
    report = Report(
        uri="u",
        digest="d",
        model_digest="m",
        holdout_digest="h",
        rows=9,
        confidence=0.9,
        metrics={"mcc": SURE, **named},
    )
    found = judge_report(report, GatesConfig.model_validate({"parity": policy or {}}))
    (only,) = [gate for gate in found if gate.name == "parity"]
    assert [gate.name for gate in found] == ["quality", "calibration", "latency", "parity"]
    return only


def forms(**agreement: Measurement) -> dict[str, Measurement]:
    every = {f"agreement.{form}": value for form, value in agreement.items()}
    return {"agreement": SURE, **every, **{f"labels_lost.{form}": NONE_LOST for form in agreement}}


def test_the_form_that_fails_is_named_though_another_is_less_sure() -> None:
    found = parity(forms(merged=UNSURE, int8=POOR, served=SURE))
    assert (found.state, found.measured) == ("fail", 0.95)
    assert found.reason.startswith("agreement of the int8 form with the trained one 0.950")


def test_one_form_that_is_not_sure_is_enough_to_be_inconclusive() -> None:
    found = parity(forms(merged=SURE, served=UNSURE))
    assert found.state == "inconclusive"
    assert "the served form" in found.reason
    assert "compared rows" in found.reason


def test_where_every_form_passes_the_nearest_to_the_limit_is_shown() -> None:
    nearer = Measurement(value=0.995, low=0.991, high=0.998)
    found = parity(forms(merged=SURE, int8=nearer))
    assert (found.state, found.measured) == ("pass", 0.995)


@pytest.mark.parametrize(("low", "state"), [(1, "fail"), (0, "inconclusive")])
def test_a_lost_label_stops_a_form_that_agrees_on_almost_every_row(low: float, state: str) -> None:
    metrics = {**forms(int8=SURE), "labels_lost.int8": Measurement(value=1, low=low, high=1)}
    found = parity(metrics)
    assert found.state == state
    assert found.reason.startswith("labels that the int8 form never gives 1")
    for allowed in (None, 1):
        assert parity(metrics, {"max_labels_lost": allowed}).state == "pass"


def test_a_form_whose_labels_were_not_counted_fails() -> None:
    found = parity({"agreement": SURE, "agreement.served": SURE})
    assert (found.state, found.measured) == ("fail", None)
    assert "labels that the served form never gives was not measured" in found.reason


def test_without_any_agreement_the_gate_fails() -> None:
    assert parity({}).reason.startswith("agreement of the served form with the trained one was not measured")
